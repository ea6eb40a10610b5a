package pretrain

import (
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/network"
)

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
