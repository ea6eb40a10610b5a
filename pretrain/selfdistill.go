package pretrain

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train/optim"
)

// B batch, V views, N patches, C width, K prototypes.

// SelfDistillation trains a vision transformer to agree with its own moving average (DINO, Caron et al. 2104.14294). Both assign views
// to prototypes; the average's assignments are sharpened and use all prototypes equally. With Patches the student's global views are
// masked, and it must also predict the average's assignments of masked patches (iBOT, Zhou et al. 2111.07832; DINOv2, Oquab et al. 2304.07193).
type SelfDistillation struct {
	Net     network.ViTConfig
	Patches bool
}

const (
	prototypes         = 256 // K
	prototypeBottom    = 64  // width of the space of prototypes
	studentTemperature = 0.1
	teacherTemperature = 0.04
	sinkhornSteps      = 3
	spreadWeight       = 0.1 // of KoLeo, where there are patches (DINOv2 table 2)
	averageDecay       = 0.99
	localViews         = 2 // crops of a picture that only the student sees

	selfStudent, selfAverage = "features", "average"
)

// assignment holds logits over prototypes.
type assignment struct {
	class   *Node // [V·B,K]
	patches *Node // [V·B,N,K], nil without patches
	tokens  *Node // [V·B,C], class tokens
}

// assign runs the network below scope. x is [V·B,H,W,3], mask [V·B,N].
func (s SelfDistillation) assign(scope *model.Scope, x, mask *Node) assignment {
	r := network.ViT(scope.At("vit"), s.Net, x, mask)
	a := assignment{class: s.head(scope.At("class_head"), r.Class()), tokens: r.Class()}
	if s.Patches {
		patches := Slice(r.Tokens, AxisRange(), AxisRangeToEnd(1), AxisRange())
		a.patches = s.head(scope.At("patch_head"), patches)
	}
	return a
}

// head is DINO's: three layers to a short vector of length 1, compared with prototypes of length 1. x is [...,C]; returns [...,K].
func (s SelfDistillation) head(scope *model.Scope, x *Node) *Node {
	h := network.GELU(network.Linear(scope.At("0"), x, 2*s.Net.Width, true))
	h = network.GELU(network.Linear(scope.At("1"), h, 2*s.Net.Width, true))
	h = normalise(network.Linear(scope.At("2"), h, prototypeBottom, true))
	weights := normalise(network.Matrix(scope.At("prototypes"), x.Graph(), prototypes, prototypeBottom)) // [K,64]
	return EinsumAxes(h, weights, [][2]int{{h.Rank() - 1, 1}}, nil)
}

// Loss takes two global views [2·B,H,W,3] (all first ones, then all second ones), their masks [2·B,N] (zeros without Patches) and
// local views [V·B,H,W,3] that only the student sees. The average is moved by optim.EMA after the update.
// Returns the loss, its part over views and over masked patches, and the entropy of the student's mean assignment over log K: near 0
// all pictures share one prototype.
func (s SelfDistillation) Loss(root *model.Scope, global, mask, local *Node) (loss, views, patches, entropy *Node) {
	g, b := global.Graph(), global.Shape().Dim(0)/2
	none := ZerosLike(mask)
	far := s.assign(root.At(selfStudent), global, mask)
	localMask := Zeros(g, shapes.Make(dtypes.Float32, local.Shape().Dim(0), s.Net.Patches()))
	near := s.assign(root.At(selfStudent), local, localMask)
	optim.Copies(g, optim.Variables(root.At(selfStudent), g), "/"+selfStudent, "/"+selfAverage)
	seen := s.assign(root.At(selfAverage), global, none)

	target := StopGradient(targets(seen.class)) // [2B,K]
	half := func(x *Node, i int) *Node { return Slice(x, AxisRange(i*b, (i+1)*b)) }
	var terms []*Node
	for teacher := range 2 {
		terms = append(terms, crossEntropy(half(target, teacher), half(far.class, 1-teacher)))
		for v := range local.Shape().Dim(0) / b {
			terms = append(terms, crossEntropy(half(target, teacher), half(near.class, v)))
		}
	}
	views = ReduceAllMean(terms[0])
	for _, t := range terms[1:] {
		views = Add(views, ReduceAllMean(t))
	}
	views = MulScalar(views, 1/float64(len(terms)))
	mean := ReduceMean(Softmax(MulScalar(far.class, 1/studentTemperature), -1), 0)
	entropy = MulScalar(ReduceAllSum(Mul(mean, Log(AddScalar(mean, 1e-12)))), -1/math.Log(prototypes))
	loss, patches = views, ScalarZero(g, dtypes.Float32)
	if s.Patches {
		each := crossEntropy(StopGradient(targets(seen.patches)), far.patches) // [2B,N]
		patches = Div(ReduceAllSum(Mul(each, mask)), AddScalar(ReduceAllSum(mask), 1e-6))
		spread := Add(koLeo(half(far.tokens, 0)), koLeo(half(far.tokens, 1)))
		loss = Add(loss, Add(patches, MulScalar(spread, spreadWeight/2)))
	}
	return loss, views, patches, entropy
}

// targets sharpens the average's logits [...,K] into assignments that use all prototypes equally over the batch, by Sinkhorn–Knopp
// steps (SwAV, 2006.09882; DINOv2). DINO centres them by a moving mean, which collapsed here.
func targets(logits *Node) *Node {
	log := MulScalar(Reshape(logits, -1, prototypes), 1/teacherTemperature)
	for range sinkhornSteps {
		log = LogSoftmax(LogSoftmax(log, 0), -1)
	}
	return Reshape(Exp(log), logits.Shape().Dimensions...)
}

// crossEntropy of the student's sharpened logits to targets, both [...,K]; returns [...].
func crossEntropy(target, logits *Node) *Node {
	if target.Rank() != logits.Rank() {
		panic(fmt.Errorf("pretrain: targets %s for logits %s, want the same shape", target.Shape(), logits.Shape()))
	}
	return Neg(ReduceSum(Mul(target, LogSoftmax(MulScalar(logits, 1/studentTemperature), -1)), -1))
}

// koLeo is small where the nearest neighbour of every row is far: −mean log min_j ‖x_i − x_j‖ for rows of length 1 (Sablayrolles et al.
// 1806.03198 eq. 3). x is [B,C].
func koLeo(x *Node) *Node {
	x = normalise(x)
	b := x.Shape().Dim(0)
	cosine := EinsumAxes(x, x, [][2]int{{1, 1}}, nil) // [B,B]
	cosine = Sub(cosine, MulScalar(ConvertDType(Diagonal(x.Graph(), b), dtypes.Float32), 4.0))
	squared := MaxScalar(AddScalar(MulScalar(ReduceMax(cosine, 1), -2.0), 2.0), 0.0) // ‖x − y‖² = 2 − 2⟨x,y⟩
	return MulScalar(ReduceAllMean(Log(AddScalar(squared, 1e-6))), -0.5)
}

// selfDecay is averageDecay's rise to 1 along half a cosine (DINO §3.1), after the warm-up of optim.WarmDecay. DINO has no warm-up. In short
// trainings, such as those of the CPU's variants, the warm-up is always the smaller one, and averageDecay has no effect.
func selfDecay(step, steps int) float64 {
	decay := 1 - (1-averageDecay)*(1+math.Cos(math.Pi*float64(step)/float64(steps)))/2
	return optim.WarmDecay(decay, step)
}
