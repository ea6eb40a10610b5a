package pretrain

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/train/optim"
)

// tinyConfig is every network as small as it can be, with trainings of the given number of steps.
func tinyConfig(steps int) Config {
	cfg, err := DefaultConfig("smoke")
	if err != nil {
		panic(err)
	}
	net := network.ConvNetConfig{Widths: []int{16}, Blocks: 1, Out: 16}
	text := network.TextConfig{Width: 8, Layers: 1, Heads: 2, Projection: 16}
	unet := network.TinyUNet(8)
	unet.BlockOutChannels, unet.Heads, unet.CrossAttention = []int{8, 8}, []int{2, 2}, []bool{false, true}
	training := Training{Steps: steps, Batch: 8, Rate: optim.Rate{Peak: 5e-3}}
	cfg.Size, cfg.Context, cfg.TuneText = tinyworld.Size, 8, true
	cfg.Networks = Networks{
		Text: text, Tower: net, UNet: unet, Classifier: net, PairText: text, PairImage: net,
		Features: network.ViTConfig{Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch"},
	}
	cfg.TextTraining, cfg.FeaturesTraining, cfg.ClassifierTraining, cfg.PairTraining, cfg.TeacherTraining = training, training, training, training, training
	return cfg
}

func tinyTrainer(t testing.TB, steps int) *Trainer {
	t.Helper()
	c := &Trainer{Config: tinyConfig(steps), Data: tinyworld.Album(64), Backend: graphtest.Engine()}
	if err := c.Prepare(); err != nil { // few captions are read from an album
		t.Fatal(err)
	}
	c.Data = tinyworld.New()
	return c
}

// tinyStores are all parts with random weights below the scopes that a bundle uses.
func tinyStores(t testing.TB, c *Trainer) map[string]*model.Store {
	t.Helper()
	stores := map[string]*model.Store{}
	for _, part := range Parts {
		store := model.NewStore()
		network.Seed(store, 1)
		Build(graphtest.Engine(), store, part, c.Config)
		stores[part] = store
	}
	return stores
}

// saved writes stores to files.
func saved(t testing.TB, stores map[string]*model.Store) map[string]string {
	t.Helper()
	dir, files := t.TempDir(), map[string]string{}
	for part, store := range stores {
		file, err := weights.FromStore(store, "/"+part)
		if err != nil {
			t.Fatal(err)
		}
		files[part] = filepath.Join(dir, part)
		if err := weights.Write(files[part], file, weights.F32); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// tinyBundle writes a bundle of random weights and returns its folder.
func tinyBundle(t testing.TB, c *Trainer) string {
	t.Helper()
	dir := t.TempDir()
	if err := WriteBundle(dir, c, saved(t, tinyStores(t, c)), nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func scalar(x *tensors.Tensor) float64 { return float64(tensors.MustCopyFlatData[float32](x)[0]) }

// near wants two numbers to agree.
func near(t testing.TB, what string, want, got, tolerance float64) {
	t.Helper()
	if !(math.Abs(want-got) <= tolerance) {
		t.Errorf("%s = %.9g, want %.9g ± %g", what, got, want, tolerance)
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

// snapshot copies all variables of a store by path.
func snapshot(store *model.Store) map[string][]float32 {
	values := map[string][]float32{}
	for v := range store.IterVariables() {
		values[v.Path()] = tensors.MustCopyFlatData[float32](v.MustValue())
	}
	return values
}

// scopesOf lists the first parts of all paths.
func scopesOf(store *model.Store) []string {
	var scopes []string
	for v := range store.IterVariables() {
		if scope := strings.Split(v.Path(), "/")[1]; !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	slices.Sort(scopes)
	return scopes
}
