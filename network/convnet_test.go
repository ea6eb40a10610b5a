package network

import (
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

func TestConvNet(t *testing.T) {
	cfg := ConvNetConfig{Widths: []int{8, 16}, Blocks: 1, Out: 5}
	store := model.NewStore()
	graph := func(scope *model.Scope, in []*Node) []*Node {
		x := in[0]
		turned := Concatenate([]*Node{
			Slice(x, AxisRange(), AxisRange(), AxisRangeToEnd(8)), Slice(x, AxisRange(), AxisRange(), AxisRangeFromStart(8)),
		}, 2)
		all := ConvNet(scope, cfg, Concatenate([]*Node{x, turned}, 0)).Features
		all.AssertDims(4, cfg.Out)
		return []*Node{all, ConvNet(scope, cfg, Slice(x, AxisRange(1, 2))).Features}
	}
	out := run(t, store, graph, input(1, 2, 16, 16, 3))
	equal(t, "a picture alone", out[0][5:10], out[1], 1e-5)
	if slices.Equal(out[0][:5], out[0][10:15]) {
		t.Error("a picture and its halves in another order have the same features, want them to know where things are")
	}

	// 16 pixels: 8 after the fold, 4 and 2 after the stages, so the last layer sees 2·2·16 numbers.
	if got := stateDict(store)["fc.weight"]; !slices.Equal(got, []int{5, 2 * 2 * 16}) {
		t.Errorf("fc.weight = %v, want [5 64]", got)
	}
	for _, name := range []string{"stages.0.conv.weight", "stages.1.blocks.0.norm1.weight", "stages.1.blocks.0.conv2.weight", "norm.bias"} {
		weight(t, store, name)
	}
}

func TestConvNetConfigsValidate(t *testing.T) {
	good := ConvNetConfig{Widths: []int{16, 32}, Blocks: 1, Out: 5}
	if err := good.Validate(24); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		edit func(*ConvNetConfig)
		size int
		want string
	}{
		{func(c *ConvNetConfig) { c.Widths = nil }, 24, "widths = [], want at least one"},
		{func(c *ConvNetConfig) { c.Widths = []int{20} }, 24, "widths = [20], want multiples of 8"},
		{func(*ConvNetConfig) {}, 28, "28 pixels, want a size that 8 divides"},
		{func(c *ConvNetConfig) { c.Out = 0 }, 24, "out = 0, want"},
	} {
		cfg := good
		if c.edit(&cfg); cfg.Validate(c.size) == nil || !strings.Contains(cfg.Validate(c.size).Error(), c.want) {
			t.Errorf("error = %v, want %q", cfg.Validate(c.size), c.want)
		}
	}
}
