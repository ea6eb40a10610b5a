package distill

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/train"
)

// add is Adversarial Diffusion Distillation (Sauer et al. 2023, arXiv 2311.17042):
//
//	x̂_θ = student(x_s, s),  x_s = α_s·x₀ + σ_s·ε,  s of T_student
//	student        L = L_adv^G + λ·L_distill                                                      (eq. 1)
//	               L_adv^G = −E Σ_k D_k(F_k(x̂_θ))                                                 (eq. 2)
//	discriminator  L_adv^D = E Σ_k max(0, 1 − D_k(F_k(x₀))) + γ·R1 + E Σ_k max(0, 1 + D_k(F_k(x̂_θ)))  (eq. 3)
//	distillation   L_distill = E c(t)·‖x̂_θ − x̂_ψ‖²,  x̂_ψ = teacher(α_t·x̂_θ + σ_t·ε′, t)             (eq. 4)
//
// B batch, S side of the picture, T patch tokens, C channels of a tap, L tokens of a caption, K teacher steps.
type add struct{ terms }

var _ Method = (*add)(nil)

// addInputs are the inputs of a step. Those that a config does not use are nil.
type addInputs[T any] struct {
	studentInputs[T]
	adversaryInputs[T]
	matchingInputs[T]
	TeacherNoise    T // [B,S,S,3]: ε′
	TeacherLevels   T // [K,B,3]: t, and the teacher's way down from it
	Weight          T // [B]: c(t), falling with λ
	Reconstruct     T // [B]: weight of the distance to x₀
	Empty, Negative T // [1,L]: no caption, and the negative one of nfsd
}

// Losses implements Method.
func (m *add) Losses() []string {
	if m.cfg.Reconstruct == 0 {
		return m.terms.Losses()
	}
	return append(m.terms.Losses(), "reconstruct", "reconstruct_grad")
}

// Updates implements Method: student and discriminator move once each, 1:1, unless Config.DiscriminatorUpdates says otherwise.
func (m *add) Updates(step int) []Update { return updates(m.terms, step, m.draw, m.update) }

func (m *add) draw(b dataset.Batch, step, number int) addInputs[*tensors.Tensor] {
	// s: every time of T_student in every batch, one for the pictures of a caption.
	n, taus := m.cfg.Batch, m.cfg.Times
	times := make([]float64, n)
	for i := range times {
		times[i] = float64(taus[0]) / 1000
	}
	if pure := m.cfg.pureAt(step); pure > 0 {
		n, taus = n-pure, taus[1:]
	}
	offset := m.random("s", number).IntN(len(taus))
	for i := range n {
		times[i] = float64(taus[(i/m.cfg.Discriminator.Group()+offset)%len(taus)]) / 1000
	}
	n = m.cfg.Batch
	in := addInputs[*tensors.Tensor]{
		studentInputs: m.drawStudent(b, step, number, times), adversaryInputs: m.adversary.draw(step, number, n), matchingInputs: m.match.draw(b, step, number, m.matched().count),
	}
	if m.cfg.TeacherGuidance > 0 && (m.cfg.Lambda > 0 || m.match.on(step)) {
		in.Empty = m.tokens("")
	}
	in.Reconstruct = m.reconstructAt(times)
	if m.cfg.Lambda == 0 {
		return in
	}

	// t: uniform, independent of s. The teacher's further steps divide the way down to 0.
	low, high := float64(m.cfg.TeacherMin)/1000, float64(m.cfg.TeacherMax)/1000
	weight, steps := make([]float32, n), m.cfg.TeacherSteps
	levels := make([]float64, steps*n)
	for i, u := range stratified(m.random("t", number), n) {
		t := low + u*(high-low)
		weight[i] = float32(m.cfg.Weighting.C(m.schedule.AlphaSigma(t)) * m.cfg.pullAt(step))
		for k := range steps {
			levels[k*n+i] = t * float64(steps-k) / float64(steps)
		}
	}
	in.TeacherNoise = m.noise("teacher-noise", number)
	in.TeacherLevels = train.F32(diffusion.Levels(m.schedule, levels), steps, n, 3)
	in.Weight = train.F32(weight, n)
	if m.nfsd() {
		in.Empty, in.Negative = m.tokens(""), m.tokens(m.cfg.negative(m.base))
	}
	return in
}

// update builds both updates in one graph, as they share the pass of the frozen features over the generated pictures. Each sees the
// other network before the step. alone leaves the student where it is.
func (m *add) update(n networks, in addInputs[*Node], r1, alone bool) map[string]*Node {
	text := n.text(in.Caption)

	// One step of the student from the diffused real picture.
	xs := diffusion.Diffuse(in.Real, in.Noise, diffusion.LevelFrom(in.Start))
	x0 := n.student()(xs, diffusion.LevelFrom(in.Level), text) // x̂_θ [B,S,S,3]
	losses := map[string]*Node{"pixel_var": pixelVariance(x0)}

	// The gradients of both terms at x̂_θ; the discriminator moves in between.
	var gradients []*Node
	if m.cfg.Adversarial > 0 {
		gradients = append(gradients, m.adversary.update(n, in.studentInputs, in.adversaryInputs, x0, text, r1, losses))
	}
	if alone {
		return losses
	}
	if m.cfg.Lambda > 0 {
		gradients = append(gradients, m.distill(n, in, x0, text, losses))
	}
	if in.Reconstruct != nil {
		gradients = append(gradients, m.reconstruct(in, x0, losses))
	}
	if in.Pull != nil {
		rows := m.matched()
		pull := m.match.update(n, in.matchingInputs, n.guidedTeacher(in.Empty), rows.of(x0), text.Map(rows.of), losses)
		gradients = append(gradients, rows.padded(pull))
	}
	losses["student_grad"] = moveStudent(n, x0, in.studentInputs, gradients...) // eq. 1
	return losses
}

// matched are the pictures of a batch that both scores look at.
func (m *add) matched() lastRows {
	rows := lastRows{m.cfg.Batch, m.cfg.Batch}
	if match := m.cfg.Matching; match != nil && match.PureOnly {
		rows.count = m.cfg.Pure
	}
	return rows
}

// distill is the gradient of λ·L_distill (ADD eq. 4) at x0 = x̂_θ.
func (m *add) distill(n networks, in addInputs[*Node], x0 *Node, text diffusion.Cond, losses map[string]*Node) *Node {
	clean, levels := Identity(StopGradient(x0)), levelsFrom(in.TeacherLevels)
	var target *Node // x̂_ψ
	if m.nfsd() {
		target = levels.nfsdTarget(n.teacher(), clean, in.TeacherNoise, text, n.text(in.Empty), n.text(in.Negative), m.nfsdGuidance())
	} else {
		target = levels.target(n.guidedTeacher(in.Empty), clean, in.TeacherNoise, text)
	}
	seen, summed := func(x *Node) *Node { return x }, m.summed()
	if base, ok := m.base.(Autoencoded); ok && m.cfg.DistillPixels {
		seen, summed = func(x *Node) *Node { return base.Decode(n.root.At(vaeScope), x) }, m.reduced(3*base.Size()*base.Size())
	}
	loss := DistillLoss(seen(clean), seen(target), in.Weight, summed)
	gradient := Gradient(MulScalar(loss, m.cfg.Lambda), clean)[0]
	losses["distill"], losses["distill_grad"] = loss, l2(gradient)
	return gradient
}

// DistillLoss is E[c(t)·d(x̂_θ, x̂_ψ)] (ADD eq. 4). weight is c(t) [B]; d sums squares over so many values and takes the mean over the
// rest. The target carries no gradient.
func DistillLoss(x0, target, weight *Node, values int) *Node {
	difference := Sub(x0, StopGradient(target))
	d := ReduceMean(Mul(difference, difference), 1, 2, 3) // [B]
	return MulScalar(ReduceAllMean(Mul(weight, d)), float64(values))
}
