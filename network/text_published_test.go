package network

import (
	"maps"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
)

func TestTextTowersEqualTransformers(t *testing.T) {
	for name, test := range map[string]struct {
		want TextConfig
		pad  int32
	}{
		"clip-l":        {TextConfig{QuickGELU: true, End: UnknownEnd}, 29},
		"openclip-h":    {TextConfig{End: UnknownEnd}, 0},
		"openclip-bigg": {TextConfig{Projection: 20, End: 29}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := readGolden(t, "texts.json", name)
			cfg, err := ReadText(g.config(t))
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			want.Vocabulary, want.Context, want.Width, want.MLP, want.Layers, want.Heads, want.KeyBias = 30, 8, 32, 48, 3, 4, true
			if diff := cmp.Diff(want, cfg); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
			cfg.End = 29
			g.Shapes, g.Gradient = renamed(g.Shapes, TextName), renamed(g.Gradient, TextName)
			g.checkGradients(t, func(scope *model.Scope, in []*Node) *Node {
				r := TextTower(scope, cfg, in[0])
				return Concatenate([]*Node{Reshape(r.Tokens, -1), Reshape(r.Penultimate, -1), Reshape(r.Pooled, -1)}, 0)
			}, []string{"ids"}, ids([]int32{28, 5, 7, 29, test.pad, test.pad, test.pad, test.pad}, []int32{28, 3, 9, 11, 4, 4, 8, 29}))
		})
	}
}

func renamed[T any](old map[string]T, name func(string) string) map[string]T {
	all := map[string]T{}
	for n, v := range old {
		all[name(n)] = v
	}
	return all
}

func TestReadTextRefusesByName(t *testing.T) {
	for want, edit := range map[string]map[string]any{
		`architectures = ["CLIPModel"], want ["CLIPTextModel"] or`: {"architectures": []string{"CLIPModel"}},
		`hidden_act = "relu", want "quick_gelu" or "gelu"`:         {"hidden_act": "relu"},
		`model_type = "t5", want "clip_text_model"`:                {"model_type": "t5"},
		`layer_norm_eps = 0.000001, want 0.00001`:                  {"layer_norm_eps": 1e-6},
		`d_kv = 64, want no such field`:                            {"d_kv": 64},
		`use_attention_mask = true, want no such field`:            {"use_attention_mask": true},
		`num_attention_heads = 7, want a divisor of hidden_size`:   {"num_attention_heads": 7},
	} {
		fields := map[string]any{"hidden_size": 768, "eos_token_id": 2, "torch_dtype": "float32"}
		maps.Copy(fields, edit)
		if _, err := ReadText(configFile(t, fields)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
