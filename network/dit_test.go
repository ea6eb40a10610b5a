package network

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

func TestDiTEqualsDiffusers(t *testing.T) {
	cfg := DiTConfig{SampleSize: 8, Patch: 2, InChannels: 4, OutChannels: 3, Width: 16, Depth: 2, Heads: 2, CaptionDim: 12}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	r := readReferenceFrom(t, "testdata/dit.json", "dit")
	r.tolerance = 1e-4 // cross-attention reads tokens that no norm has scaled: values reach 4
	r.check(t, []string{"y"}, func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{DiT(scope, cfg, in[0], in[1], in[2], nil)}
	}, input(1001, 2, 8, 8, 4), []float32{7, 999}, input(1002, 2, 5, 12))
}

// A fresh network says nothing: its last layer is zero. And both kinds of text reach the output once it is not.
func TestDiTReadsTimeAndText(t *testing.T) {
	cfg := TinyDiT(12)
	cfg.SampleSize, cfg.Patch, cfg.Width, cfg.Depth, cfg.Heads = 8, 4, 16, 1, 2
	store := model.NewStore()
	dit := func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{cfg.Apply(scope, in[0], in[1], in[2], in[3])}
	}
	x, time, tokens, pooled := input(1, 2, 8, 8, 3), []float32{7, 999}, input(2, 2, 5, 12), input(3, 2, 12)
	for _, v := range run(t, store, dit, x, time, tokens, pooled)[0] {
		if v != 0 {
			t.Fatalf("a fresh network's output has %g, want zeros", v)
		}
	}
	setAll(store, 0.3)
	first := run(t, store, dit, x, time, tokens, pooled)[0]
	for name, changed := range map[string][]any{
		"picture": {input(4, 2, 8, 8, 3), time, tokens, pooled}, "time": {x, []float32{8, 999}, tokens, pooled},
		"tokens": {x, time, input(5, 2, 5, 12), pooled}, "pooled text": {x, time, tokens, input(6, 2, 12)},
	} {
		second := run(t, store, dit, changed...)[0]
		if slices.Equal(first, second) {
			t.Errorf("the output does not depend on the %s", name)
		}
	}
}

func TestDiTConfigsValidate(t *testing.T) {
	for why, edit := range map[string]func(*DiTConfig){
		"patches that do not tile": func(c *DiTConfig) { c.Patch = 5 },
		"heads that do not divide": func(c *DiTConfig) { c.Heads = 3 },
		"no block":                 func(c *DiTConfig) { c.Depth = 0 },
		"no text":                  func(c *DiTConfig) { c.CaptionDim = 0 },
	} {
		cfg := TinyDiT(96)
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		if edit(&cfg); cfg.Validate() == nil {
			t.Errorf("%s: no error", why)
		}
	}
}
