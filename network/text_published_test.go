package network

import (
	"maps"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/network/weights"
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

// A published text tower is read back as one of transformers' and computes the same, where the end is the last id and others behind it moved.
func TestAPublishedTextTowerComputesTheSame(t *testing.T) {
	for why, edit := range map[string]func(*TextConfig){
		"built-in":         func(*TextConfig) {},
		"with a key bias":  func(c *TextConfig) { c.KeyBias = true },
		"a quick GELU":     func(c *TextConfig) { c.QuickGELU = true },
		"another MLP":      func(c *TextConfig) { c.MLP = 24 },
		"the end far away": func(c *TextConfig) { c.End = 9 },
	} {
		cfg := smallText()
		edit(&cfg)
		end := int32(cfg.End)
		own, moved := []int32{1, 5, 7, 12, end, 0, 0, 0}, []int32{1, 0, 0, 0, 19, 0, 0, 0}
		for i, id := range own[1:4] {
			if moved[i+1] = id; id > end {
				moved[i+1]--
			}
		}
		store := model.NewStore()
		run(t, store, textOf(cfg), ids(own))
		graphtest.Shake(t, store, 1, .2)
		want := run(t, store, textOf(cfg), ids(own))
		f, err := weights.FromStore(store, "/net")
		if err != nil {
			t.Fatal(err)
		}
		fields, out, err := cfg.Publish(f)
		if err != nil {
			t.Fatal(err)
		}
		published, err := ReadText(configFile(t, fields))
		if err != nil {
			t.Fatal(err)
		}
		loaded := model.NewStore()
		if err := weights.Into(loaded, "/net", out); err != nil {
			t.Fatal(err)
		}
		got := run(t, loaded, textOf(published), ids(moved))
		for i, what := range []string{"tokens", "pooled"} {
			relative(t, why+": "+what, want[i], got[i], 1e-5)
		}
		if len(out.Tensors) != loaded.NumVariables() {
			t.Errorf("%s: %d tensors, want the %d of the network", why, len(out.Tensors), loaded.NumVariables())
		}
	}
}
