package distill

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// tinyTrainer is a bundle's configuration with networks that run in milliseconds, tokenizers included.
var tinyTrainer = sync.OnceValue(func() *pretrain.Trainer {
	cfg, err := pretrain.DefaultConfig("smoke")
	if err != nil {
		panic(err)
	}
	cfg.Size, cfg.Context = tinyworld.Size, 8
	cfg.Networks.Text = network.TextConfig{Width: 8, Layers: 1, Heads: 2, Projection: 8}
	cfg.Networks.UNet.BlockOutChannels, cfg.Networks.UNet.Heads = []int{8, 8}, []int{2, 2}
	cfg.Networks.UNet.CrossAttention = []bool{false, true}
	cfg.Networks.Features = network.ViTConfig{ImageSize: tinyworld.Size, Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch"}
	c := &pretrain.Trainer{Config: cfg, Data: tinyworld.New(), Backend: graphtest.Engine()}
	if err := c.Prepare(); err != nil {
		panic(err)
	}
	return c
})

// tinyBundle writes and loads a bundle of the networks that distillation reads. Their weights are random; the seed chooses the
// teacher's, the others are always the same.
func tinyBundle(t testing.TB, teacherSeed int64) *pretrain.Bundle {
	t.Helper()
	return randomBundle(t, tinyTrainer(), teacherSeed)
}

func randomBundle(t testing.TB, c *pretrain.Trainer, teacherSeed int64) *pretrain.Bundle {
	t.Helper()
	dir, files := t.TempDir(), map[string]string{}
	for _, part := range []string{textScope, featuresScope, teacherScope} {
		store := model.NewStore()
		network.Seed(store, 1)
		pretrain.Build(graphtest.Engine(), store, part, c.Config)
		seed := int64(1)
		if part == teacherScope {
			seed = teacherSeed
		}
		graphtest.Shake(t, store, seed, .1)
		file, err := weights.FromStore(store, "/"+part)
		if err != nil {
			t.Fatal(err)
		}
		files[part] = filepath.Join(t.TempDir(), part)
		if err := weights.Write(files[part], file, weights.F32); err != nil {
			t.Fatal(err)
		}
	}
	if err := pretrain.WriteBundle(dir, c, files, nil); err != nil {
		t.Fatal(err)
	}
	b, err := pretrain.LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tinyConfig is the default cell, shortened, from pure noise.
func tinyConfig(t testing.TB, edits ...func(*Config)) Config {
	t.Helper()
	cfg, err := DefaultConfig("smoke")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Batch, cfg.Discriminator.MapDim, cfg.Discriminator.NormGroup = 4, 8, 4
	fromNoise(&cfg)
	for _, edit := range edits {
		edit(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// tinyFeatures are networks of every kind to look through, with random weights in files.
func tinyFeatures(t testing.TB) network.FeatureFiles {
	t.Helper()
	all := tinybundle.ViT(t)
	for part, net := range map[string]network.Features{
		"features-clip": network.CLIPFeatures{CLIPVisionConfig: network.CLIPVisionConfig{ImageSize: 8, Patch: 4, Width: 16, MLP: 32, Layers: 2, Heads: 2}},
		"features-maps": network.EfficientNetFeatures{Size: 16, Net: network.EfficientNetConfig{
			Stem: 8, Head: 8, Classes: 2, Stages: []network.MBConvStage{{Repeat: 1, Kernel: 3, Stride: 2, Expand: 2, Out: 8}},
		}},
	} {
		all[part] = tinybundle.FeatureFile(t, net)
	}
	return all
}

// bench is a training with the means to take steps and to look inside.
type bench struct{ *training }

func newBench(t testing.TB, cfg Config, b Base) bench {
	t.Helper()
	d, err := open(t.Context(), Inputs{Config: cfg, Bundle: b, Data: tinyworld.New(), Backend: graphtest.Engine(), Pairs: t.TempDir()}, silent())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	return bench{d}
}

// take does steps 1 … n and returns the losses of each by name.
func (b bench) take(t testing.TB, n int) []map[string]float64 {
	t.Helper()
	var curve []map[string]float64
	for step := 1; step <= n; step++ {
		values, err := b.step(step)
		if err != nil {
			t.Fatal(err)
		}
		at := map[string]float64{}
		for i, name := range b.method.Losses() {
			at[name] = values[i]
		}
		curve = append(curve, at)
	}
	return curve
}

// inputsOf are the inputs that the method draws for a step, of the type that it has.
func inputsOf[In any](t testing.TB, b bench, step int) In {
	t.Helper()
	batch, err := dataset.NewLoader(b.Data.Train(), b.Config.Batch, b.Config.Seed, "distill").Batch(step)
	if err != nil {
		t.Fatal(err)
	}
	return b.method.Updates(step)[0].Draw(batch, step).(In)
}

// update does the first step's update on these inputs.
func (b bench) update(t testing.TB, in any) map[string]float64 {
	t.Helper()
	return b.call(t, b.method.Updates(1)[0].Graph, in)
}

// call runs a graph on the bench's store.
func (b bench) call(t testing.TB, graph train.Graph, in any) map[string]float64 {
	t.Helper()
	p, err := train.NewProgram(b.Backend, b.store, graph)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	values, err := p.Call(in)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// snapshot copies all variables of a store by path.
func snapshot(store *model.Store) map[string][]float32 {
	values := map[string][]float32{}
	for v := range store.IterVariables() {
		x := v.MustValue()
		if x.DType() != dtypes.Float32 { // frozen weights of a file that holds halves
			x = graph.MustExecOnce(graphtest.Engine(), func(x *graph.Node) *graph.Node { return graph.ConvertDType(x, dtypes.Float32) }, x)
		}
		values[v.Path()] = tensors.MustCopyFlatData[float32](x)
	}
	return values
}

// below keeps the variables below a scope, by their path in it.
func below(values map[string][]float32, scope string) map[string][]float32 {
	kept := map[string][]float32{}
	for path, x := range values {
		if rest, ok := strings.CutPrefix(path, "/"+scope+"/"); ok {
			kept[rest] = x
		}
	}
	return kept
}

// flat joins all values in the order of their paths.
func flat(values map[string][]float32) (all []float32) {
	for _, path := range slices.Sorted(maps.Keys(values)) {
		all = append(all, values[path]...)
	}
	return all
}

// movedScopes lists the first parts of the paths whose values differ or that one side lacks, but for what programs pass to each other.
func movedScopes(before, after map[string][]float32) []string {
	var scopes []string
	for path, x := range after {
		if slices.Equal(before[path], x) || path == passedPicture || path == passedGradient {
			continue
		}
		if scope := strings.Split(path, "/")[1]; !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	slices.Sort(scopes)
	return scopes
}

// near wants two lists to agree up to a share of the larger one's largest value.
func near(t testing.TB, what string, want, got []float32, share float64) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	var size, worst float64
	for i := range want {
		size = max(size, math.Abs(float64(want[i])))
		worst = max(worst, math.Abs(float64(want[i]-got[i])))
	}
	if size == 0 && worst == 0 {
		t.Fatalf("%s: all values are 0: the test shows nothing", what)
	}
	if !(worst <= share*size) {
		t.Errorf("%s: differs by %g, want at most %g of %g", what, worst, share, size)
	}
}

// openRun begins or goes on with a run.
func openRun(t testing.TB, root string, cfg Config, b Base) *record.Run {
	t.Helper()
	run, err := record.Open(t.Context(), root, NewRunConfig(cfg, b, tinyworld.New()), record.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Close() })
	return run
}

func silent() *train.Progress { return train.NewProgress(nil) }

// fromNoise begins at pure noise and nothing else, at four times that are drawn equally often.
func fromNoise(c *Config) { c.Times, c.SignalLeak, c.Pure = []int{1000, 750, 500, 250}, false, 0 }
