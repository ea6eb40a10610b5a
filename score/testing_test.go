package score

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/rng"
	"github.com/addlab/addlab/tokenizer"
	"github.com/addlab/addlab/weights"
)

// goEngine needs no library and gives the same bits wherever the processor rounds alike.
var goEngine = sync.OnceValue(func() compute.Backend {
	b, err := compute.NewWithConfig("go:parallelism=-1")
	if err != nil {
		panic(err)
	}
	return b
})

const (
	tinySize = 8
	tinyArea = tinySize * tinySize * 3
)

func tinyWorld() *dataset.Scenes {
	return &dataset.Scenes{Config: dataset.ScenesConfig{Size: tinySize, MaxObjects: 2, Jitter: 1, Seed: 1}}
}

// album is a finite dataset that knows nothing about its pictures, as a folder gives.
type album struct{ n int }

func (a album) Name() string            { return "album" }
func (a album) Hash() string            { return "album" }
func (a album) Train() dataset.Source   { return page{tinyWorld().Train(), a.n} }
func (a album) Heldout() dataset.Source { return page{tinyWorld().Heldout(), a.n} }

type page struct {
	dataset.Source
	n int
}

func (p page) Len() int { return p.n }

var tinyContext = sync.OnceValue(func() *pretrain.Context {
	cfg, err := pretrain.DefaultConfig("smoke")
	if err != nil {
		panic(err)
	}
	net := network.ConvNetConfig{Widths: []int{16}, Blocks: 1, Out: 16}
	text := network.TextConfig{Width: 8, Layers: 1, Heads: 2, Projection: 16}
	unet := network.TinyUNet(8)
	unet.BlockOutChannels, unet.Heads, unet.CrossAttention = []int{8, 8}, []int{2, 2}, []bool{false, true}
	cfg.Size, cfg.Context = tinySize, 10
	cfg.Networks = pretrain.Networks{
		Text: text, Tower: net, UNet: unet, Classifier: net, PairText: text, PairImage: net,
		Features: network.ViTConfig{Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch"},
	}
	c := &pretrain.Context{Config: cfg, Data: album{200}, Backend: goEngine()}
	if err := c.Prepare(); err != nil {
		panic(err)
	}
	c.Data = tinyWorld()
	return c
})

// tinyBundle writes and loads a bundle of random weights.
func tinyBundle(t testing.TB, parts ...string) *pretrain.Bundle {
	t.Helper()
	c, dir, stores := tinyContext(), t.TempDir(), map[string]*model.Store{}
	for _, part := range parts {
		stores[part] = randomStore(t, part, 1)
	}
	if err := pretrain.WriteBundle(dir, c, stores, nil); err != nil {
		t.Fatal(err)
	}
	b, err := pretrain.LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// randomStore is a part with noise on all weights: layers that begin with zeros would make all models alike.
func randomStore(t testing.TB, part string, seed int64) *model.Store {
	t.Helper()
	store := model.NewStore()
	network.Seed(store, 1)
	pretrain.Build(goEngine(), store, part, tinyContext().Config)
	for v := range store.IterVariables() {
		x := tensors.MustCopyFlatData[float32](v.MustValue())
		for i, z := range rng.Normal(rng.New(seed, "test"+v.Path(), 0), len(x)) {
			x[i] += 0.2 * z
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(x, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// tinyStudent writes the weights of another teacher as a student and returns the path.
func tinyStudent(t testing.TB, seed int64) string {
	t.Helper()
	file, err := weights.FromStore(randomStore(t, "teacher", seed), "/teacher")
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/student.safetensors"
	if err := weights.Write(path, file, weights.F32); err != nil {
		t.Fatal(err)
	}
	return path
}

func tinySetup() Setup { return Setup{Images: 10, Seed: 3, Batch: 4, Blocks: 2, Guidance: 2} }

func newTestJudge(t testing.TB, b *pretrain.Bundle, data dataset.Dataset, setup Setup) *Judge {
	t.Helper()
	j, err := NewJudge(t.Context(), goEngine(), b, data, setup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

// backwards is a tokenizer with the same words under other ids.
func backwards(words *tokenizer.Words) *tokenizer.Words {
	v := slices.Clone(words.Vocabulary)
	slices.Reverse(v)
	return &tokenizer.Words{Vocabulary: v, Context: words.Context}
}

// near wants two lists to agree to a tolerance.
func near(t testing.TB, what string, want, got []float32, tolerance float64) {
	t.Helper()
	if len(want) != len(got) || len(want) == 0 {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	var worst float64
	for i := range want {
		worst = math.Max(worst, math.Abs(float64(want[i]-got[i])))
	}
	if !(worst <= tolerance) {
		t.Errorf("%s: differs by %g, want at most %g", what, worst, tolerance)
	}
}

// wantError wants an error that holds all the texts.
func wantError(t testing.TB, what string, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: error = %v, want %q in it", what, err, text)
			return
		}
	}
}

// metrics are those of pictures for the judge's own captions.
func metrics(t *testing.T, j *Judge, images []float32) (Metrics, error) {
	t.Helper()
	s := &Seen{judge: j, prompts: j.prompts, Images: images}
	if err := s.look(t.Context(), nil); err != nil {
		return Metrics{}, err
	}
	return s.Metrics()
}
