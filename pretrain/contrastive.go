package pretrain

import (
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
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

// B batch, N patches, C width, P pixels of a patch.

// SelfSupervised trains a vision transformer without labels or captions: two views of a picture must agree (SimCLR, Chen et
// al. 2002.05709), and the second view has masked patches whose pixels must be filled in (SimMIM, Xie et al. 2111.09886).
type SelfSupervised struct {
	Net  network.ViTConfig
	Mask float64 // share of masked patches in the second view
}

const (
	maskShare           = 0.5 // in the second view: too much to fill in from neighbours
	contrastTemperature = 0.1
	reconstructWeight   = 10.0
	projectionWidth     = 64
)

// Loss takes two views [B,H,W,3] and the mask [B,N] of the second; returns loss, its two parts, and how often the other view of
// the same picture is nearest.
func (s SelfSupervised) Loss(scope *model.Scope, first, second, mask *Node) (loss, contrast, reconstruct, accuracy *Node) {
	b := first.Shape().Dim(0)
	vit := func(x, mask *Node) network.ViTResult { return network.ViT(scope.At("vit"), s.Net, x, mask) }
	none := ZerosLike(mask)
	both := vit(Concatenate([]*Node{first, second}, 0), Concatenate([]*Node{none, mask}, 0))

	// Agreement of the projected class tokens.
	h := network.GELU(network.Linear(scope.At("project").At("0"), both.Class(), 2*s.Net.Width, true))
	z := normalise(network.Linear(scope.At("project").At("1"), h, projectionWidth, true)) // [2B,64]
	logits := MulScalar(EinsumAxes(z, z, [][2]int{{1, 1}}, nil), 1/contrastTemperature)
	g := logits.Graph()
	self := ConvertDType(Diagonal(g, 2*b), dtypes.Float32)
	logits = Sub(logits, MulScalar(self, 1e4))
	zero := ConvertDType(ZerosLike(Diagonal(g, b)), dtypes.Float32)
	one := ConvertDType(Diagonal(g, b), dtypes.Float32)
	partner := Concatenate([]*Node{Concatenate([]*Node{zero, one}, 1), Concatenate([]*Node{one, zero}, 1)}, 0) // [2B,2B]
	contrast = Neg(MulScalar(ReduceAllSum(Mul(LogSoftmax(logits, 1), partner)), 1/float64(2*b)))
	nearest := OneHot(ArgMax(logits, 1, dtypes.Int32), 2*b, dtypes.Float32)
	accuracy = MulScalar(ReduceAllSum(Mul(nearest, partner)), 1/float64(2*b))

	// Pixels of the masked patches.
	tokens := Slice(both.Tokens, AxisRange(b, 2*b), AxisRange(1)) // [B,N,C]
	p := s.Net.Patch
	want := Reshape(engine.SpaceToDepth(second, p), b, s.Net.Patches(), p*p*3)
	got := network.Linear(scope.At("pixels"), tokens, p*p*3, true) // [B,N,P]
	difference := ReduceMean(Mul(Sub(got, want), Sub(got, want)), 2)
	reconstruct = Div(ReduceAllSum(Mul(difference, mask)), AddScalar(ReduceAllSum(mask), 1e-6))
	return Add(contrast, MulScalar(reconstruct, reconstructWeight)), contrast, reconstruct, accuracy
}

// drawMask marks the share of n patches for each of batch pictures: flat [B,N].
func (s SelfSupervised) drawMask(r *rand.Rand, batch int) []float32 {
	n := s.Net.Patches()
	mask := make([]float32, batch*n)
	for i := range batch {
		for _, j := range r.Perm(n)[:int(s.Mask*float64(n))] {
			mask[i*n+j] = 1
		}
	}
	return mask
}
