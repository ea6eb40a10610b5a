package network

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
)

func TestAutoencodersEqualDiffusers(t *testing.T) {
	for name, want := range map[string]VAEConfig{
		"sd": {InChannels: 3, OutChannels: 3, LatentChannels: 4, BlockOutChannels: []int{32, 32, 64}, LayersPerBlock: 2, NormGroups: 16,
			MidAttention: true, QuantConv: true, PostQuantConv: true, Scale: 0.18215},
		"plain": {InChannels: 3, OutChannels: 3, LatentChannels: 6, BlockOutChannels: []int{32, 48}, LayersPerBlock: 1, NormGroups: 16, Scale: 0.4, Shift: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			g := readGolden(t, "vaes.json", name)
			cfg, err := ReadVAE(g.config(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, cfg); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
			g.checkGradients(t, func(scope *model.Scope, in []*Node) *Node {
				mean, logVariance := cfg.Encode(scope, in[0])
				mean.AssertDims(2, 16/cfg.Factor(), 8/cfg.Factor(), cfg.LatentChannels)
				y := cfg.Decode(scope, in[1])
				y.AssertDims(2, 4*cfg.Factor(), 4*cfg.Factor(), 3)
				return Concatenate([]*Node{Reshape(mean, -1), Reshape(logVariance, -1), Reshape(y, -1)}, 0)
			}, []string{"x", "z"}, input(1001, 2, 16, 8, 3), input(1002, 2, 4, 4, cfg.LatentChannels))
		})
	}
}

// Files of before 2023 hold the same tensors: the names of one kind are those of the other after renaming.
func TestVAENamesOfOldFiles(t *testing.T) {
	shapes := readGolden(t, "vaes.json", "sd").Shapes
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		if got := VAEName(name); got != name {
			t.Errorf("%s becomes %s", name, got)
		}
	}
	const at = "decoder.mid_block.attentions.0."
	for old, name := range map[string]string{"query.weight": "to_q.weight", "key.bias": "to_k.bias", "value.weight": "to_v.weight", "proj_attn.bias": "to_out.0.bias"} {
		if got := VAEName(at + old); got != at+name || shapes[got] == nil {
			t.Errorf("%s becomes %s, want %s", old, got, name)
		}
	}
}

func TestReadVAERefusesByName(t *testing.T) {
	for want, edit := range map[string]map[string]any{
		`act_fn = "gelu", want "silu"`:                       {"act_fn": "gelu"},
		`latents_mean = [0], want null`:                      {"latents_mean": []int{0}},
		`down_block_types = ["AttnDownEncoderBlock2D"]`:      {"down_block_types": []string{"AttnDownEncoderBlock2D"}},
		`up_block_types = nothing, want UpDecoderBlock2D`:    {"block_out_channels": []int{32, 64}, "down_block_types": []string{"DownEncoderBlock2D", "DownEncoderBlock2D"}},
		`_class_name = "VQModel", want "AutoencoderKL"`:      {"_class_name": "VQModel"},
		`temporal = true, want no such field`:                {"temporal": true},
		`network: scaling_factor = 0, want > 0`:              {"scaling_factor": 0},
		`network: block_out_channels = [40], want multiples`: {"block_out_channels": []int{40}},
	} {
		fields := map[string]any{"sample_size": 512, "force_upcast": true}
		maps.Copy(fields, edit)
		if _, err := ReadVAE(configFile(t, fields)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	// A file of Stable Diffusion 1.5.
	const published = `{"_class_name": "AutoencoderKL", "_diffusers_version": "0.6.0", "act_fn": "silu", "block_out_channels": [128, 256, 512, 512],
		"down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"], "in_channels": 3, "latent_channels": 4,
		"layers_per_block": 2, "norm_num_groups": 32, "out_channels": 3, "sample_size": 512,
		"up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}`
	var fields map[string]any
	if err := json.Unmarshal([]byte(published), &fields); err != nil {
		t.Fatal(err)
	}
	cfg, err := ReadVAE(configFile(t, fields))
	if err != nil || cfg.Factor() != 8 || cfg.Scale != 0.18215 {
		t.Errorf("%+v, %v", cfg, err)
	}
}
