package network

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	gocmp "github.com/google/go-cmp/cmp"
)

// reference is what an implementation in PyTorch says: the tensors of its state dict, and its outputs for the weights and
// inputs of its script in testdata, which names the versions.
type reference struct {
	Shapes map[string][]int
	Gain   float64 // of matrices, where it is above 1
	Output map[string][]float32

	tolerance float64 // 0 for the usual one
}

func readReference(t *testing.T, name string) reference {
	t.Helper()
	return readReferenceOf(t, "testdata/reference.json", name)
}

func readReferenceOf(t *testing.T, file, name string) reference {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	var r reference
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(all[name], &r); err != nil {
		t.Fatal(name, err)
	}
	return r
}

// store holds the weights that fill of testdata/filled.py gives the model.
func (r reference) store(t *testing.T) *model.Store {
	t.Helper()
	store := model.NewStore()
	for k, name := range slices.Sorted(maps.Keys(r.Shapes)) {
		dims := r.Shapes[name]
		scale := 0.1
		if len(dims) > 1 {
			scale = max(r.Gain, 1) * math.Sqrt(3/float64(product(dims[1:])))
		}
		x := values(product(dims), k)
		for i := range x {
			x[i] *= scale
			if len(dims) == 1 && (strings.HasSuffix(name, "weight") || strings.HasSuffix(name, "running_var")) {
				x[i]++
			}
		}
		path := "/net/" + strings.ReplaceAll(name, ".", "/")
		if _, err := store.CreateVariable(path, tensors.FromFlatDataAndDimensions(narrow(x), dims...)); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// check runs the graph with the reference's weights and wants its outputs, in the order of names, and no weight that the
// reference lacks; then it builds the graph with weights of its own and wants exactly the reference's names and shapes.
func (r reference) check(t *testing.T, names []string, fn build, in ...any) {
	t.Helper()
	for i, got := range run(t, r.store(t), fn, in...) {
		equal(t, names[i], r.Output[names[i]], got, cmp.Or(r.tolerance, 2e-5))
	}
	own := model.NewStore()
	run(t, own, fn, in...)
	if diff := gocmp.Diff(r.Shapes, stateDict(own)); diff != "" {
		t.Errorf("weights (-reference +ours):\n%s", diff)
	}
}

func TestUNetEqualsDiffusers(t *testing.T) {
	for name, cfg := range map[string]UNetConfig{
		"unet-linear-projection": { // as Stable Diffusion 2
			BlockOutChannels: []int{8, 16}, LayersPerBlock: 2, CrossAttention: []bool{true, false}, Heads: []int{2, 4},
			TransformerDepth: 1, LinearProjection: true,
		},
		"unet-conv-projection": { // as Stable Diffusion 1
			BlockOutChannels: []int{8, 8, 16}, LayersPerBlock: 1, CrossAttention: []bool{false, true, true}, Heads: []int{1, 2, 4},
			TransformerDepth: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.InChannels, cfg.OutChannels, cfg.CrossAttentionDim, cfg.NormGroups, cfg.Stem = 4, 4, 12, 4, 1
			if err := cfg.Validate(); err != nil {
				t.Fatal(err)
			}
			readReference(t, name).check(t, []string{"y"}, func(scope *model.Scope, in []*Node) []*Node {
				return []*Node{cfg.Apply(scope, in[0], in[1], in[2], nil)}
			}, input(1001, 2, 8, 8, 4), []float32{7, 999}, input(1002, 2, 5, 12))
		})
	}
}

func TestTextEncoderEqualsTransformers(t *testing.T) {
	for name, quick := range map[string]bool{"text-gelu": false, "text-quick-gelu": true} {
		t.Run(name, func(t *testing.T) {
			cfg := TextConfig{Vocabulary: 20, Context: 8, Width: 16, Layers: 2, Heads: 2, Projection: 12, QuickGELU: quick, KeyBias: true, End: 3}
			readReference(t, name).check(t, []string{"tokens", "pooled"}, func(scope *model.Scope, in []*Node) []*Node {
				tokens, pooled := TextEncoder(scope, cfg, in[0])
				return []*Node{tokens, pooled}
			}, ids([]int32{1, 7, 19, 3, 4, 3}, []int32{1, 11, 3, 0, 0, 0}))
		})
	}
}

func TestViTEqualsTimm(t *testing.T) {
	for name, scale := range map[string]bool{"vit": false, "vit-layer-scale": true} {
		t.Run(name, func(t *testing.T) {
			cfg := ViTConfig{ImageSize: 8, Patch: 4, Width: 16, Depth: 2, Heads: 2, Stem: "patch", LayerScale: scale, KeyBias: true}
			readReference(t, name).check(t, []string{"tokens", "tap0", "tap1", "tap2"}, func(scope *model.Scope, in []*Node) []*Node {
				r := ViT(scope, cfg, in[0], nil)
				return append([]*Node{r.Tokens}, r.Taps...)
			}, input(1001, 2, 8, 8, 3))
		})
	}
}
