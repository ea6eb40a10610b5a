package network

import (
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
)

func smallViT(stem string) ViTConfig {
	return ViTConfig{ImageSize: 8, Patch: 4, Width: 16, Depth: 2, Heads: 2, Stem: stem}
}

// vitOf gives the final tokens, the class token, then the taps. A second input is the mask.
func vitOf(cfg ViTConfig) build {
	return func(scope *model.Scope, in []*Node) []*Node {
		var mask *Node
		if len(in) > 1 {
			mask = in[1]
		}
		r := ViT(scope, cfg, in[0], mask)
		for _, n := range append(r.Taps, r.Tokens) {
			n.AssertDims(in[0].Shape().Dim(0), 1+cfg.Patches(), cfg.Width)
		}
		r.Class().AssertDims(in[0].Shape().Dim(0), cfg.Width)
		return append([]*Node{r.Tokens, r.Class()}, r.Taps...)
	}
}

func TestViTGivesATapPerBlock(t *testing.T) {
	for _, stem := range []string{"patch", "conv"} {
		cfg, store := smallViT(stem), model.NewStore()
		out := run(t, store, vitOf(cfg), input(1, 2, 8, 8, 3))
		if got, want := len(out)-2, 1+cfg.Depth; got != want {
			t.Fatalf("%s: taps = %d, want %d", stem, got, want)
		}
		n := (1 + cfg.Patches()) * cfg.Width
		equal(t, stem+": class token", slices.Concat(out[0][:cfg.Width], out[0][n:n+cfg.Width]), out[1], 0)

		// The first tap begins with the class token, which no pixel has touched.
		class, position := weight(t, store, "cls_token"), weight(t, store, "pos_embed")
		for i := range class {
			class[i] += position[i]
		}
		equal(t, stem+": first tap of both pictures", slices.Concat(class, class), slices.Concat(out[2][:cfg.Width], out[2][n:n+cfg.Width]), 1e-6)
	}
}

func TestMaskReplacesPatches(t *testing.T) {
	for _, stem := range []string{"patch", "conv"} {
		cfg, store := smallViT(stem), model.NewStore()
		picture := input(1, 1, 8, 8, 3)
		mask := func(m ...float32) []any {
			return []any{picture, [][]float32{m}}
		}
		none := run(t, store, vitOf(cfg), mask(0, 0, 0, 0)...)
		plain := run(t, store, vitOf(cfg), picture)
		equal(t, stem+": an empty mask", plain[0], none[0], 0)

		masked := run(t, store, vitOf(cfg), mask(0, 1, 0, 1)...)[2]
		token, position := weight(t, store, "mask_token"), weight(t, store, "pos_embed")
		want, c := slices.Clone(plain[2]), cfg.Width
		for _, patch := range []int{1, 3} {
			for i := range c {
				want[(1+patch)*c+i] = token[i] + position[(1+patch)*c+i]
			}
		}
		equal(t, stem+": first tap", want, masked, 1e-6)
	}

	// With single patches as stem, nothing of a masked patch's pixels remains.
	store, cfg := model.NewStore(), smallViT("patch")
	x := narrow(values(8*8*3, 1))
	call := func() []float32 {
		return run(t, store, func(scope *model.Scope, in []*Node) []*Node {
			return vitOf(cfg)(scope, []*Node{Reshape(in[0], 1, 8, 8, 3), in[1]})
		}, x, [][]float32{{0, 1, 0, 0}})[0]
	}
	want := call()
	x[4*3], x[(3*8+7)*3+2] = 5, -5 // in the upper right patch
	equal(t, "other pixels under the mask", want, call(), 0)
	x[0] = 5
	if slices.Equal(want, call()) {
		t.Error("pixels outside the mask change nothing")
	}
}

// The patch stem is a convolution whose stride is its kernel.
func TestPatchStemEqualsTheStridedConvolution(t *testing.T) {
	const size, p, width = 12, 4, 5
	cfg := ViTConfig{ImageSize: size, Patch: p, Width: width, Stem: "patch"}
	store := model.NewStore()
	graph := func(scope *model.Scope, in []*Node) []*Node {
		y := patchEmbedding(scope, cfg, in[0])
		y.AssertDims(2, size/p, size/p, width)
		return []*Node{y}
	}
	run(t, store, graph, input(1, 2, size, size, 3))
	setAll(store, 1)
	x, w, bias := in(1, 2, size, size, 3), widen(weight(t, store, "proj.weight")), widen(weight(t, store, "proj.bias"))
	var want []float64
	for b := range 2 {
		for row := range size / p {
			for col := range size / p {
				for o := range width {
					sum := bias[o]
					for c := range 3 {
						for dy := range p {
							for dx := range p {
								sum += x[((b*size+row*p+dy)*size+col*p+dx)*3+c] * w[((o*3+c)*p+dy)*p+dx]
							}
						}
					}
					want = append(want, sum)
				}
			}
		}
	}
	equal(t, "patches", narrow(want), run(t, store, graph, input(1, 2, size, size, 3))[0], 2e-5)
}

func TestViTWeightsOfItsForms(t *testing.T) {
	weights := func(cfg ViTConfig, in ...any) map[string][]int {
		store := model.NewStore()
		run(t, store, vitOf(cfg), in...)
		return stateDict(store)
	}
	x := input(1, 1, 8, 8, 3)
	want := readReference(t, "vit").Shapes
	delete(want, "blocks.0.attn.qkv.bias")
	delete(want, "blocks.1.attn.qkv.bias")
	if diff := cmp.Diff(want, weights(smallViT("patch"), x)); diff != "" {
		t.Errorf("without key bias (-want +got):\n%s", diff)
	}
	want["mask_token"] = []int{1, 16} // as in DINOv2
	if diff := cmp.Diff(want, weights(smallViT("patch"), x, [][]float32{{0, 0, 0, 1}})); diff != "" {
		t.Errorf("with a mask (-want +got):\n%s", diff)
	}

	// The convolutional stem changes what lies below patch_embed only.
	got := weights(smallViT("conv"), x)
	for _, m := range []map[string][]int{want, got} {
		for name := range m {
			if strings.HasPrefix(name, "patch_embed.") {
				delete(m, name)
			}
		}
	}
	delete(want, "mask_token")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("convolutional stem (-want +got):\n%s", diff)
	}
}

func TestViTConfigsValidate(t *testing.T) {
	for _, cfg := range []ViTConfig{TinyViT(), smallViT("patch"), smallViT("conv")} {
		if err := cfg.Validate(); err != nil {
			t.Error(err)
		}
	}
	for want, edit := range map[string]func(*ViTConfig){
		"patch_size = 0":                     func(c *ViTConfig) { c.Patch = 0 },
		"patch_size = 3, want a divisor":     func(c *ViTConfig) { c.Patch = 3 },
		"num_heads = 0":                      func(c *ViTConfig) { c.Heads = 0 },
		"num_heads = 3, want a divisor":      func(c *ViTConfig) { c.Heads = 3 },
		"depth = 0":                          func(c *ViTConfig) { c.Depth = 0 },
		`stem = "", want patch or conv`:      func(c *ViTConfig) { c.Stem = "" },
		"patch_size = 2, want a power of 2":  func(c *ViTConfig) { c.Stem, c.Patch = "conv", 2 },
		"patch_size = 12, want a power of 2": func(c *ViTConfig) { c.Stem, c.Patch, c.ImageSize = "conv", 12, 24 },
		"embed_dim = 68, want its share":     func(c *ViTConfig) { c.Stem, c.Width = "conv", 68 },
		"embed_dim = 72, want its share":     func(c *ViTConfig) { c.Stem, c.Width = "conv", 72 },
	} {
		cfg := smallViT("patch")
		edit(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
