package distill

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/check"
)

// FDistill is distribution matching by another divergence than DMD's (f-distill, Xu et al. 2502.15681): the difference of the scores is
// weighed by how much likelier a picture is among real ones than among the student's, which the discriminator tells. It sees what both
// scores see. Config.Matching says the rest. By "rkl" it is DMD2 (Yin et al. 2405.14867) with this discriminator.
type FDistill struct {
	Divergence string  `json:"divergence"` // "rkl", DMD's KL(student ‖ teacher); "kl", its reverse; "js"
	MinRatio   float64 `json:"min_ratio"`  // bounds of the ratio
	MaxRatio   float64 `json:"max_ratio"`
	RatioEMA   float64 `json:"ratio_ema"` // decay of the ratio's means over tenths of t, by which it is divided
}

// DefaultFDistill has the divergence that its authors found best, and the bounds of their program. There RatioEMA is 0: a batch of theirs
// has many pictures at every tenth of t.
var DefaultFDistill = registerMethod("f-distill", FDistill{Divergence: "js", MinRatio: .1, MaxRatio: 20, RatioEMA: .9}).(FDistill)

// divergences give h(r) = f″(r)·r² of the ratio r = p_real/p_fake.
var divergences = map[string]func(r *Node) *Node{
	"rkl": OnesLike,                                          // f = −ln r
	"kl":  func(r *Node) *Node { return r },                  // f = r·ln r
	"js":  func(r *Node) *Node { return Div(r, OnePlus(r)) }, // f = r·ln r − (r+1)·ln((r+1)/2)
}

func (d FDistill) validate(f *check.Fields, c Config) {
	known := slices.Sorted(maps.Keys(divergences))
	f.Want(slices.Contains(known, d.Divergence), "method.f-distill.divergence", fmt.Sprintf("%q", d.Divergence), fmt.Sprintf("one of %q", known))
	f.Want(d.MinRatio > 0 && d.MinRatio <= 1 && d.MaxRatio >= 1, "method.f-distill.min_ratio, max_ratio", fmt.Sprint(d.MinRatio, ", ", d.MaxRatio), "0 < min ≤ 1 ≤ max")
	f.Want(d.RatioEMA >= 0 && d.RatioEMA < 1, "method.f-distill.ratio_ema", d.RatioEMA, "in [0,1)")
	f.Want(c.Matching != nil && c.Matching.From == 1, "matching", c.Matching, "set, from step 1, with the method f-distill")
	f.Want(c.Adversarial > 0 && c.Discriminator.Softplus, "adversarial, discriminator.softplus", fmt.Sprint(c.Adversarial, ", ", c.Discriminator.Softplus), "> 0 and true with the method f-distill: that loss tells the ratio")
	f.Want(c.Lambda == 0, "lambda", c.Lambda, "0 with the method f-distill, whose weight is matching.weight")
	f.Want(c.Discriminator.Renoise == nil, "discriminator.renoise", c.Discriminator.Renoise, "none with the method f-distill, which says the level itself")
	f.Want(!c.Discriminator.Image, "discriminator.image", c.Discriminator.Image, "false with the method f-distill")
}

// diffuses: to the level of the scores.
func (FDistill) diffuses() {}

func (d FDistill) method(s setup) Method { return &fdistill{add{terms{adversary{s}, matching{s}}}, d} }

// fdistill is the method of FDistill. With x̂ of pure noise or of a diffused picture, as in ADD, and x_t = α_t·x̂ + σ_t·ε′:
//
//	∇_x̂ = h(r)/mean h · weight·(μ_fake(x_t) − μ_real(x_t))/mean|x̂ − μ_real(x_t)| + adversarial·∇_x̂ Σ_k softplus(−D_k(x_t))
//	r = exp D(x_t), within bounds, over its mean at like t;  discriminator  Σ_k softplus(−D_k(α_t·x₀ + σ_t·ε″)) + softplus(D_k(x_t))
//
// D is the mean over heads and tokens. Of the densities' own ratio that mean is 1 at every t.
type fdistill struct {
	add
	FDistill
}

var _ Method = (*fdistill)(nil)

// ratioMeans are the means of the ratio over tenths of t.
const ratioMeans, tenths = "/ratio_means", 10

// Init implements Method.
func (m *fdistill) Init(store *model.Store) error {
	store.VariableWithValue(ratioMeans, tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{1}, tenths), tenths)).SetTrainable(false)
	return m.add.Init(store)
}

// Updates implements Method.
func (m *fdistill) Updates(step int) []Update { return updates(m.terms, step, m.draw, m.update) }

func (m *fdistill) draw(b dataset.Batch, step, number int) addInputs[*tensors.Tensor] {
	in := m.add.draw(b, step, number)
	in.RealNoise, in.RealAt, in.FakeAt = m.noise("real-renoise", number), nil, nil
	in.FakeRate = coefficients(m.match.adam(), m.cfg.Matching.Rate.At(step, m.cfg.Steps), number) // it moves in every update
	return in
}

func (m *fdistill) update(n networks, in addInputs[*Node], r1, alone bool) map[string]*Node {
	text := n.text(in.Caption)
	x0 := n.predict(in.studentInputs, text)
	losses := map[string]*Node{"pixel_var": pixelVariance(x0)}

	in.FakeNoise, in.FakeAt, in.RealAt = in.PullNoise, in.PullLevel, in.PullLevel
	adversarial, logits := m.adversary.judge(n, in.studentInputs, in.adversaryInputs, x0, text, r1, losses)
	if alone {
		m.match.fit(n, in.matchingInputs, StopGradient(x0), text, losses)
		return losses
	}
	pull := m.match.update(n, in.matchingInputs, n.guidedTeacher(in.Empty), x0, text, losses)
	means := model.GetStore(x0.Graph()).GetVariable(ratioMeans)
	ratio, next := m.even(m.ratio(logits), diffusion.LevelFrom(in.PullLevel).T, means.NodeValue(x0.Graph()))
	means.SetNodeValue(next)
	pull = Mul(pull, InsertAxes(m.weight(ratio), -1, -1, -1))
	losses["match_grad"] = l2(pull)
	losses["student_grad"] = moveStudent(n, x0, in.studentInputs, adversarial, pull)
	return losses
}

// ratio is r of logits [B]. No gradient passes.
func (d FDistill) ratio(logits *Node) *Node {
	return ClipScalar(Exp(StopGradient(logits)), d.MinRatio, d.MaxRatio)
}

// even divides ratios [B] at times t [B] by the means [tenths] over the tenth of theirs, which move first: next.
func (d FDistill) even(ratio, t, means *Node) (evened, next *Node) {
	tenth := ConvertDType(MinScalar(MulScalar(t, tenths), tenths-.5), dtypes.Int32)
	in := OneHot(tenth, tenths, ratio.DType()) // [B,tenths]
	count := ReduceSum(in, 0)
	mean := Div(ReduceSum(Mul(in, InsertAxes(ratio, 1)), 0), MaxScalar(count, 1))
	moved := MulScalar(MinScalar(count, 1), 1-d.RatioEMA) // 0 where no picture is
	next = Add(means, Mul(moved, Sub(mean, means)))
	return Div(ratio, ReduceSum(Mul(in, InsertAxes(next, 0)), 1)), next
}

// weight is h of ratios [B], with mean 1.
func (d FDistill) weight(ratio *Node) *Node {
	h := divergences[d.Divergence](ratio)
	return Div(h, ReduceAllMean(h))
}
