package network

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/check"
)

// B batch, H height, W width, C channels.

// EfficientNetConfig describes an EfficientNet-Lite: EfficientNet (Tan & Le 1905.11946) without squeeze-and-excitation and with ReLU6.
// Padding is TensorFlow's, and the names are those of efficientnet_lite_pytorch.
type EfficientNetConfig struct {
	Stem    int           `json:"stem"` // channels of the first convolution, which halves the picture
	Stages  []MBConvStage `json:"stages"`
	Head    int           `json:"head"` // width of the features
	Classes int           `json:"classes"`
}

// MBConvStage is a row of inverted residual blocks (MobileNetV2, Sandler et al. 1801.04381 §3.3). Only the first has the stride.
type MBConvStage struct {
	Repeat int `json:"repeat"`
	Kernel int `json:"kernel"` // of the depthwise convolution
	Stride int `json:"stride"`
	Expand int `json:"expand"` // inner channels for every channel of the input
	Out    int `json:"out"`    // channels
}

// EfficientNetLite0 is the smallest of the published networks, for 224×224 pictures: 4,652,008 weights with the statistics of its norms
// left out.
func EfficientNetLite0() EfficientNetConfig {
	return EfficientNetConfig{
		Stem: 32, Head: 1280, Classes: 1000,
		Stages: []MBConvStage{
			{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24}, {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320},
		},
	}
}

// Validate returns an error that names a field that cannot work.
func (c EfficientNetConfig) Validate() error {
	f := check.Fields{Of: "network"}
	f.Want(c.Stem >= 1, "stem", c.Stem, "≥ 1")
	f.Want(c.Head >= 1, "head", c.Head, "≥ 1")
	f.Want(c.Classes >= 1, "classes", c.Classes, "≥ 1")
	f.Want(len(c.Stages) > 0, "stages", c.Stages, "at least one")
	for i, s := range c.Stages {
		f.Want(min(s.Repeat, s.Kernel, s.Stride, s.Expand, s.Out) >= 1, fmt.Sprintf("stages[%d]", i), s, "repeat, kernel, stride, expand and out ≥ 1")
	}
	return f.Err
}

// EfficientNetResult holds what the network computed.
type EfficientNetResult struct {
	Stages   []*Node // the stem's map, then the map at the end of every stage: [B,H',W',C]
	Features *Node   // [B,Head]: means over the last map
	Logits   *Node   // [B,Classes]
}

// EfficientNet runs the network. x is [B,H,W,3] of any size, normalised as the weights expect: (v − 127)/128 of pixels in 0 … 255.
func EfficientNet(scope *model.Scope, cfg EfficientNetConfig, x *Node) (r EfficientNetResult) {
	x.AssertDims(-1, -1, -1, 3)
	h := relu6(normedConv(scope, "_conv_stem", "_bn0", x, cfg.Stem, 3, 2)) // [B,H/2,W/2,Stem]
	r.Stages = append(r.Stages, h)
	blocks := 0
	for _, stage := range cfg.Stages {
		for i := range stage.Repeat {
			block := stage
			if i > 0 {
				block.Stride = 1
			}
			h = mbConv(scope.At("_blocks").At("%d", blocks), block, h)
			blocks++
		}
		r.Stages = append(r.Stages, h)
	}
	h = relu6(normedConv(scope, "_conv_head", "_bn1", h, cfg.Head, 1, 1))
	r.Features = ReduceMean(h, 1, 2)
	r.Logits = Linear(scope.At("_fc"), r.Features, cfg.Classes, true)
	return r
}

// mbConv is an inverted residual block: a wider layer, a depthwise convolution in it, and a narrow layer without activation.
// x is [B,H,W,C]; returns [B,⌈H/Stride⌉,⌈W/Stride⌉,Out].
func mbConv(scope *model.Scope, s MBConvStage, x *Node) *Node {
	c, h := x.Shape().Dim(3), x
	if s.Expand != 1 {
		h = relu6(normedConv(scope, "_expand_conv", "_bn0", h, c*s.Expand, 1, 1))
	}
	w := param(scope.At("_depthwise_conv"), x.Graph(), "weight", fanIn(1), c*s.Expand, 1, s.Kernel, s.Kernel)
	scale, shift := frozenNorm(scope.At("_bn1"), x.Graph(), c*s.Expand)
	h = relu6(Add(engine.DepthwiseConvSame(h, Mul(w, Reshape(scale, -1, 1, 1, 1)), s.Stride), Reshape(shift, 1, 1, 1, -1)))
	h = normedConv(scope, "_project_conv", "_bn2", h, s.Out, 1, 1)
	if s.Stride == 1 && s.Out == c {
		h = Add(h, x)
	}
	return h
}

// normedConv is a convolution and a batch normalisation by the statistics of training, side by side in scope.
func normedConv(scope *model.Scope, conv, norm string, x *Node, out, kernel, stride int) *Node {
	w := param(scope.At("%s", conv), x.Graph(), "weight", fanIn(1), out, x.Shape().Dim(3), kernel, kernel)
	scale, shift := frozenNorm(scope.At("%s", norm), x.Graph(), out)
	y := engine.ConvSame(x, Mul(w, Reshape(scale, -1, 1, 1, 1)), stride)
	return Add(y, Reshape(shift, 1, 1, 1, -1))
}

func relu6(x *Node) *Node { return ClipScalar(x, 0, 6) }
