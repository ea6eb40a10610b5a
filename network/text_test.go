package network

import (
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
)

func smallText() TextConfig {
	return TextConfig{Vocabulary: 20, Context: 8, Width: 16, Layers: 2, Heads: 2, Projection: 12, End: 2}
}

func textOf(cfg TextConfig) build {
	return func(scope *model.Scope, in []*Node) []*Node {
		tokens, pooled := TextEncoder(scope, cfg, in[0])
		return []*Node{tokens, pooled}
	}
}

func TestLaterWordsDoNotChangeEarlierStates(t *testing.T) {
	store, c := model.NewStore(), smallText().Width
	words := []int32{1, 5, 6, 7, 8, 2, 0, 0}
	want := run(t, store, textOf(smallText()), ids(words))[0]
	for at := 1; at < len(words); at++ {
		changed := slices.Clone(words)
		changed[at] = 9
		got := run(t, store, textOf(smallText()), ids(changed))[0]
		equal(t, "states before the changed word", want[:at*c], got[:at*c], 0)
		if slices.Equal(want[at*c:(at+1)*c], got[at*c:(at+1)*c]) {
			t.Errorf("word %d does not change its own state", at)
		}
		if at < len(words)-1 && slices.Equal(want[len(want)-c:], got[len(want)-c:]) {
			t.Errorf("word %d does not change the last state", at)
		}
	}
	short := run(t, store, textOf(smallText()), ids(words[:6]))[0]
	equal(t, "states of a shorter text", want[:6*c], short, 1e-6)

	if _, err := tryRun(t, store, textOf(smallText()), ids(append(words, 0))); err == nil {
		t.Error("no error for a text longer than the context")
	}
}

func TestPooledIsTheProjectedStateOfTheFirstEnd(t *testing.T) {
	cfg, store := smallText(), model.NewStore()
	texts := [][]int32{{1, 5, 2, 2, 7, 2}, {1, 5, 6, 7, 8, 2}, {2, 5, 6, 7, 8, 0}}
	out := run(t, store, textOf(cfg), ids(texts...))
	var ends []float32
	for i, at := range []int{2, 5, 0} {
		ends = append(ends, out[0][(i*6+at)*cfg.Width:(i*6+at+1)*cfg.Width]...)
	}
	want := matmul(widen(ends), widen(weight(t, store, "text_projection.weight")), nil, 3, cfg.Width, cfg.Projection)
	equal(t, "pooled", narrow(want), out[1], 1e-5)
}

// The softmax does not see a term that is the same for all keys, so leaving the key's bias out loses nothing.
func TestKeyBiasChangesNothingButTheNames(t *testing.T) {
	with, without := smallText(), smallText()
	with.KeyBias = true
	store := model.NewStore()
	text := ids([]int32{1, 5, 6, 7, 8, 2})
	run(t, store, textOf(with), text)
	setAll(store, 0.5)
	want := run(t, store, textOf(with), text)
	for i, got := range run(t, store, textOf(without), text) {
		equal(t, "with and without key bias", want[i], got, 1e-5)
	}

	own := model.NewStore()
	run(t, own, textOf(without), text)
	names := stateDict(store)
	delete(names, "text_model.encoder.layers.0.self_attn.k_proj.bias")
	delete(names, "text_model.encoder.layers.1.self_attn.k_proj.bias")
	if diff := cmp.Diff(names, stateDict(own)); diff != "" {
		t.Errorf("weights without key bias (-want +got):\n%s", diff)
	}
}

func TestTextConfigsValidate(t *testing.T) {
	good := TextConfig{Context: 24, Width: 96, Layers: 2, Heads: 4, Projection: 96}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, edit := range map[string]func(*TextConfig){
		"num_attention_heads = 5, want a divisor of hidden_size = 96": func(c *TextConfig) { c.Heads = 5 },
		"num_hidden_layers = 0": func(c *TextConfig) { c.Layers = 0 },
		"projection_dim = -1":   func(c *TextConfig) { c.Projection = -1 },
	} {
		cfg := good
		if edit(&cfg); cfg.Validate() == nil || !strings.Contains(cfg.Validate().Error(), want) {
			t.Errorf("error = %v, want %q", cfg.Validate(), want)
		}
	}
}
