package pretrain

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
)

// B batch, P width of the shared space.

// Pair is a text encoder and an image tower trained by contrast (CLIP, Radford et al. 2103.00020).
type Pair struct {
	Text  network.TextConfig
	Image network.ConvNetConfig
}

// Embed returns the normalised embeddings of text and pictures, each [B,P]. ids is [B,L], images is [B,H,W,3].
func (p Pair) Embed(scope *model.Scope, ids, images *Node) (text, image *Node) {
	_, text = network.TextEncoder(scope.At("text"), p.Text, ids)
	image = network.ConvNet(scope.At("image"), p.Image, images).Features
	return normalise(text), normalise(image)
}

// Loss is the symmetric cross-entropy of matching captions with pictures, and the share of correct matches.
func (p Pair) Loss(scope *model.Scope, ids, images *Node) (loss, accuracy *Node) {
	text, image := p.Embed(scope, ids, images)
	return contrast(scope, text, image)
}

// CaptionContrast trains a vision transformer by contrast with captions (CLIP); its class token is projected to the shared space.
type CaptionContrast struct {
	Net  network.ViTConfig
	Text network.TextConfig
}

// Loss is that of Pair. The transformer is below scope/vit.
func (c CaptionContrast) Loss(scope *model.Scope, ids, images *Node) (loss, accuracy *Node) {
	_, text := network.TextEncoder(scope.At("text"), c.Text, ids)
	class := network.ViT(scope.At("vit"), c.Net, images, nil).Class()
	return contrast(scope, normalise(text), normalise(network.Linear(scope.At("project"), class, c.Text.Projection, false)))
}

// contrastLoss is the Loss of Pair or CaptionContrast.
type contrastLoss func(scope *model.Scope, ids, images *Node) (loss, accuracy *Node)

// contrast compares normalised embeddings [B,P] of captions and pictures at a learned temperature.
func contrast(scope *model.Scope, text, image *Node) (loss, accuracy *Node) {
	g, b := text.Graph(), text.Shape().Dim(0)
	scale := Exp(MinScalar(logScale(scope, g), math.Log(100)))
	logits := Mul(EinsumAxes(image, text, [][2]int{{1, 1}}, nil), scale) // [B images, B texts]
	diagonal := Diagonal(g, b)
	diagonal = ConvertDType(diagonal, dtypes.Float32)
	nll := func(axis int) *Node {
		return Neg(MulScalar(ReduceAllSum(Mul(LogSoftmax(logits, axis), diagonal)), 1/float64(b)))
	}
	loss = MulScalar(Add(nll(0), nll(1)), 0.5)
	target := Iota(g, shapes.Make(dtypes.Int32, b), 0)
	accuracy = ReduceAllMean(ConvertDType(Equal(ArgMax(logits, 1, dtypes.Int32), target), dtypes.Float32))
	return loss, accuracy
}

// logScale is the learned logarithm of the inverse temperature, a scalar.
func logScale(scope *model.Scope, g *Graph) *Node {
	v := scope.GetVariable("logit_scale")
	if v == nil {
		v = scope.VariableWithValue("logit_scale", tensors.FromScalar(float32(math.Log(1/0.07))))
	}
	return v.NodeValue(g)
}

// normalise scales rows to length 1. x is [B,P].
func normalise(x *Node) *Node {
	return Div(x, Sqrt(AddScalar(ReduceAndKeep(Mul(x, x), ReduceSum, -1), 1e-12)))
}
