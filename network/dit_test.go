package network

import (
	"math"
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
	r := readReferenceOf(t, "testdata/dit.json", "dit")
	r.tolerance = 1e-4 // cross-attention reads tokens that no norm has scaled: values reach 4
	r.check(t, []string{"y"}, func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{cfg.Apply(scope, in[0], in[1], in[2], nil)}
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

// multiplications counts those of all matrix products in a graph: √(|a|·|b|·|a·b|·batch) for a product of a and b.
func multiplications(t *testing.T, net Backbone) float64 {
	t.Helper()
	var sum float64
	run(t, nil, func(scope *model.Scope, in []*Node) []*Node {
		y := net.Apply(scope, in[0], in[1], in[2], in[3])
		for _, n := range y.Graph().Nodes() {
			if n.Type() != NodeTypeDotGeneral {
				continue
			}
			a, b, batch := n.Inputs()[0].Shape(), n.Inputs()[1].Shape(), 1
			if a.Rank() == 4 && b.Rank() == 4 { // attention: pictures and heads
				batch = n.Shape().Dim(0) * n.Shape().Dim(1)
			}
			sum += math.Sqrt(float64(a.Size()) * float64(b.Size()) * float64(n.Shape().Size()) * float64(batch))
		}
		return []*Node{y}
	}, input(1, 1, 32, 32, 3), []float32{7}, input(2, 1, 24, 96), input(3, 1, 96))
	return sum
}

func TestDiTCostsAsMuchAsUNet(t *testing.T) {
	if testing.Short() {
		t.Skip("runs both at their full size")
	}
	dit, unet := multiplications(t, TinyDiT(96)), multiplications(t, TinyUNet(96))
	if ratio := dit / unet; ratio < 0.9 || ratio > 1.1 || unet < 1e7 {
		t.Errorf("%.3g multiplications against %.3g, a ratio of %.2f, want 1 ± 0.1", dit, unet, ratio)
	}
}
