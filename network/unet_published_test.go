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
