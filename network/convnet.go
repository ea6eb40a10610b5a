package network

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
)

// ConvNetConfig describes the small residual convolutional network used by classifiers and contrastive image towers.
type ConvNetConfig struct {
	Widths []int `json:"widths"` // one stage per width, each at half the resolution of the one before
	Blocks int   `json:"blocks"` // residual blocks per stage
	Out    int   `json:"out"`    // width of the feature vector
}

const convNetGroups = 8

// Validate returns an error that names a field that cannot work for pictures of this size.
func (c ConvNetConfig) Validate(size int) error {
	if len(c.Widths) == 0 {
		return fmt.Errorf("network: widths = %v, want at least one", c.Widths)
	}
	for _, width := range c.Widths {
		if width < 1 || width%convNetGroups != 0 {
			return fmt.Errorf("network: widths = %v, want multiples of %d", c.Widths, convNetGroups)
		}
	}
	if halved := 2 << len(c.Widths); size%halved != 0 {
		return fmt.Errorf("network: widths = %v for pictures of %d pixels, want a size that %d divides: every stage halves it", c.Widths, size, halved)
	}
	if c.Blocks < 0 || c.Out < 1 {
		return fmt.Errorf("network: blocks = %d, out = %d, want ≥ 0 and ≥ 1", c.Blocks, c.Out)
	}
	return nil
}

// ConvNetResult holds what the network computed.
type ConvNetResult struct {
	Stages   []*Node // the map at the end of every stage, before it is halved: [B,H/2,W/2,widths[0]] first
	Features *Node   // [B,Out]
}

// ConvNet runs the network. x is [B,H,W,3]. The last map is flattened, not pooled: positions matter.
func ConvNet(scope *model.Scope, cfg ConvNetConfig, x *Node) (r ConvNetResult) {
	x.AssertRank(4)
	h := engine.SpaceToDepth(x, 2)
	for i, width := range cfg.Widths {
		stage := scope.At("stages").At("%d", i)
		h = Conv(stage.At("conv"), h, width, 3)
		for j := range cfg.Blocks {
			block := stage.At("blocks").At("%d", j)
			y := SiLU(GroupNorm(block.At("norm1"), h, convNetGroups, 1e-5))
			y = SiLU(GroupNorm(block.At("norm2"), Conv(block.At("conv1"), y, width, 3), convNetGroups, 1e-5))
			h = Add(h, conv(block.At("conv2"), y, width, 3, fanIn(0.2)))
		}
		r.Stages = append(r.Stages, h)
		h = engine.DownsampleMean(h)
	}
	h = SiLU(GroupNorm(scope.At("norm"), h, convNetGroups, 1e-5))
	h = Reshape(h, h.Shape().Dim(0), -1)
	r.Features = Linear(scope.At("fc"), h, cfg.Out, true)
	return r
}
