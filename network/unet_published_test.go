package network

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/network/weights"
)

func TestUNetsOfStableDiffusionEqualDiffusers(t *testing.T) {
	for _, name := range []string{"sd15", "sd21", "xl", "lcm"} {
		t.Run(name, func(t *testing.T) {
			g := readGolden(t, "unets.json", name)
			cfg, sample, err := ReadUNet(g.config(t))
			if err != nil || sample != 8 {
				t.Fatalf("sample_size = %d, %v, want 8", sample, err)
			}
			in := []any{input(1001, 2, 8, 8, 4), []float32{7, 999}, input(1002, 2, 5, 12)}
			names := []string{"x", "timestep", "tokens"}
			if name == "xl" {
				pooled := values(2*26, 1003)
				copy(pooled[20:], []float64{512, 640, 0, 16, 512, 512})
				copy(pooled[46:], []float64{1024, 1024, 32, 0, 1024, 768})
				in, names = append(in, tensors.FromFlatDataAndDimensions(narrow(pooled), 2, 26)), append(names, "pooled")
			}
			if name == "lcm" {
				in, names = append(in, tensors.FromFlatDataAndDimensions([]float32{0.5, 7.5}, 2, 1)), append(names, "pooled")
			}
			g.checkGradients(t, func(scope *model.Scope, in []*Node) *Node { return unetOf(cfg)(scope, in)[0] }, names, in...)
		})
	}
}

func configFile(t *testing.T, fields map[string]any) string {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// The files of the published models, where they differ from diffusers' defaults.
func TestReadUNetKnowsThePublishedModels(t *testing.T) {
	sd21 := map[string]any{"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.10.0", "attention_head_dim": []int{5, 10, 20, 20},
		"cross_attention_dim": 1024, "use_linear_projection": true, "sample_size": 64, "upcast_attention": true, "dual_cross_attention": false, "num_class_embeds": nil}
	xl := map[string]any{"attention_head_dim": []int{5, 10, 20}, "block_out_channels": []int{320, 640, 1280}, "cross_attention_dim": 2048,
		"transformer_layers_per_block": []int{1, 2, 10}, "use_linear_projection": true, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
		"projection_class_embeddings_input_dim": 2816, "down_block_types": []string{plainDown, crossDown, crossDown}, "up_block_types": []string{crossUp, crossUp, plainUp}}
	for name, test := range map[string]struct {
		fields map[string]any
		edit   func(*UNetConfig)
	}{
		"1.5": {map[string]any{"attention_head_dim": 8, "cross_attention_dim": 768}, func(c *UNetConfig) {
			c.CrossAttentionDim, c.Heads, c.LinearProjection = 768, []int{8, 8, 8, 8}, false
		}},
		"2.1": {sd21, func(*UNetConfig) {}},
		"XL": {xl, func(c *UNetConfig) {
			c.BlockOutChannels, c.Heads, c.CrossAttention = []int{320, 640, 1280}, []int{5, 10, 20}, []bool{false, true, true}
			c.CrossAttentionDim, c.PooledDim, c.SizeDim, c.TransformerDepth, c.TransformerDepths = 2048, 2816, 256, 1, []int{1, 2, 10}
		}},
	} {
		got, _, err := ReadUNet(configFile(t, test.fields))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := stableDiffusion21()
		test.edit(&want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if name == "XL" && got.PooledWidth() != 1280+6 {
			t.Errorf("pooled input of XL = %d, want 1286", got.PooledWidth())
		}
	}
}

func TestReadUNetRefusesByName(t *testing.T) {
	for want, edit := range map[string]map[string]any{
		`act_fn = "gelu", want "silu"`:                                  {"act_fn": "gelu"},
		`class_embed_type = "timestep", want null`:                      {"class_embed_type": "timestep"},
		`time_cond_proj_dim = 255, want 0 or an even number`:            {"time_cond_proj_dim": 255},
		`num_attention_heads = 8, want null`:                            {"num_attention_heads": 8},
		`attention_head_dim = [5,10], want a whole number, or 4`:        {"attention_head_dim": []int{5, 10}},
		`attention_head_dim = 5.5, want a whole number`:                 {"attention_head_dim": 5.5},
		`transformer_layers_per_block = [], want`:                       {"transformer_layers_per_block": []int{}},
		`down_block_types = ["AttnDownBlock2D"`:                         {"down_block_types": []string{"AttnDownBlock2D", plainDown, plainDown, plainDown}},
		`up_block_types = ["UpBlock2D"`:                                 {"up_block_types": []string{plainUp}},
		`addition_embed_type = "image"`:                                 {"addition_embed_type": "image"},
		`addition_time_embed_dim = nothing, want ≥ 1`:                   {"addition_embed_type": "text_time"},
		`_class_name = "UNet2DModel", want "UNet2DConditionModel"`:      {"_class_name": "UNet2DModel"},
		`gated = true, want no such field`:                              {"gated": true},
		`network: block_out_channels is empty`:                          {"block_out_channels": []int{}},
		`block_out_channels[0] = 100`:                                   {"block_out_channels": []int{100, 640, 1280, 1280}},
		`addition_time_embed_dim = 256, want 0 or less than a sixth of`: {"addition_embed_type": "text_time", "addition_time_embed_dim": 256},
	} {
		fields := map[string]any{"sample_size": 64}
		maps.Copy(fields, edit)
		if _, _, err := ReadUNet(configFile(t, fields)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// unshuffled is torch's pixel_unshuffle of x [B,H,W,C] by p, channels last: [B,H/p,W/p,C·p·p]. back undoes it.
func unshuffled(x []float32, b, h, w, c, p int, back bool) []float32 {
	y := make([]float32, len(x))
	for i := range y {
		channel, column, row, n := i%c, i/c%w, i/c/w%h, i/c/w/h
		to := ((n*(h/p)+row/p)*(w/p)+column/p)*c*p*p + channel*p*p + row%p*p + column%p
		if back {
			y[i] = x[to]
		} else {
			y[to] = x[i]
		}
	}
	return y
}

// A published U-Net is one of diffusers' class, without patches, pooling and plain upsampling, that computes the same. The pooled caption is
// read by class_embedding, which has add_embedding's layers.
func TestAPublishedUNetComputesTheSameInDiffusersClass(t *testing.T) {
	for why, edit := range map[string]func(*UNetConfig){
		"built-in":       func(*UNetConfig) {},
		"no stem":        func(c *UNetConfig) { c.Stem = 1 },
		"stem of 4":      func(c *UNetConfig) { c.Stem = 4 },
		"convolutions":   func(c *UNetConfig) { c.PoolDown, c.PlainUp = false, false },
		"no pooled text": func(c *UNetConfig) { c.PooledDim = 0 },
		"three levels": func(c *UNetConfig) {
			c.BlockOutChannels, c.Heads, c.CrossAttention = []int{8, 16, 8}, []int{1, 2, 4}, []bool{true, false, true}
		},
		"several depths":  func(c *UNetConfig) { c.TransformerDepths = []int{1, 2} },
		"other outputs":   func(c *UNetConfig) { c.OutChannels = 5 },
		"1×1 projections": func(c *UNetConfig) { c.LinearProjection = false },
	} {
		t.Run(why, func(t *testing.T) {
			cfg, side := smallUNet(), 16
			cfg.PooledDim = 6
			edit(&cfg)
			rest, x := []any{[]float32{3, 700}, input(2, 2, 3, 12)}, narrow(values(2*side*side*3, 1))
			if cfg.PooledDim > 0 {
				rest = append(rest, input(3, 2, 6))
			}
			store := model.NewStore()
			pictures := append([]any{tensors.FromFlatDataAndDimensions(x, 2, side, side, 3)}, rest...)
			run(t, store, unetOf(cfg), pictures...)
			graphtest.Shake(t, store, 1, .2)
			want := run(t, store, unetOf(cfg), pictures...)[0]

			own, err := weights.FromStore(store, "/net")
			if err != nil {
				t.Fatal(err)
			}
			fields, out, err := cfg.Publish(own, side)
			if err != nil {
				t.Fatal(err)
			}
			if cfg.PooledDim > 0 && (fields["class_embed_type"] != "projection" || fields["projection_class_embeddings_input_dim"] != 6) {
				t.Errorf("fields = %v, want a projection of 6 numbers", fields)
			}
			delete(fields, "class_embed_type") // which published models lack
			delete(fields, "projection_class_embeddings_input_dim")
			plain, sample, err := ReadUNet(configFile(t, fields))
			if err != nil || sample != side/cfg.Stem {
				t.Fatalf("sample_size = %d (%v), want %d", sample, err, side/cfg.Stem)
			}
			plain.PooledDim = cfg.PooledDim
			out.Tensors = renamed(out.Tensors, func(name string) string { return strings.Replace(name, "class_embedding.", "add_embedding.", 1) })
			loaded, patches := model.NewStore(), unshuffled(x, 2, side, side, 3, cfg.Stem, false)
			if err := weights.Into(loaded, "/net", out); err != nil {
				t.Fatal(err)
			}
			n := side / cfg.Stem
			got := run(t, loaded, unetOf(plain), append([]any{tensors.FromFlatDataAndDimensions(patches, 2, n, n, plain.InChannels)}, rest...)...)[0]
			if len(out.Tensors) != loaded.NumVariables() {
				t.Errorf("%d tensors, want the %d of the network", len(out.Tensors), loaded.NumVariables())
			}
			relative(t, "output", want, unshuffled(got, 2, side, side, cfg.OutChannels, cfg.Stem, true), 1e-5)
		})
	}
}

func TestPublishRefusesByName(t *testing.T) {
	guided, uneven := smallUNet(), smallUNet()
	guided.GuidanceDim = 8
	for want, c := range map[string]struct {
		cfg  UNetConfig
		side int
	}{"time_cond_proj_dim = 8, want 0": {guided, 8}, "side = 9, want a multiple of stem = 2": {uneven, 9}} {
		if _, _, err := c.cfg.Publish(&weights.File{}, c.side); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
	text := smallText()
	text.Projection = 0
	if _, _, err := text.Publish(&weights.File{}); err == nil || !strings.Contains(err.Error(), "projection_dim = 0, want ≥ 1") {
		t.Errorf("error = %v, want one of the projection", err)
	}
}
