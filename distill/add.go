package distill

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
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
	Empty, Negative T // [1,L]: no caption, and the negative one of nfsd
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
		studentInputs: m.drawStudent(b, step, number, times), adversaryInputs: m.adversary.draw(step, number, n), matchingInputs: m.match.draw(b, step, number, n),
	}
	if m.cfg.TeacherGuidance > 0 && (m.cfg.Lambda > 0 || m.match.on(step)) {
		in.Empty = m.tokens("")
	}
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
	in.TeacherNoise = m.noise("teacher-noise", b, number)
	in.TeacherLevels = train.F32(diffusion.Levels(m.schedule, levels), steps, n, 3)
	in.Weight = train.F32(weight, n)
	if m.nfsd() {
		in.Empty, in.Negative = m.tokens(""), m.tokens(m.bundle.Config.NegativeCaption)
	}
	return in
}

// update builds both updates in one graph, as they share the pass of the frozen features over the generated pictures. Each sees the
// other network before the step. alone leaves the student where it is.
func (m *add) update(root *model.Scope, in addInputs[*Node], r1, alone bool) map[string]*Node {
	n := networks{m.setup, root}
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
	if in.Pull != nil {
		gradients = append(gradients, m.match.update(n, in.matchingInputs, n.guidedTeacher(in.Empty), x0, text, losses))
	}
	losses["student_grad"] = moveStudent(n, x0, in.studentInputs, gradients...) // eq. 1
	return losses
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
	loss := DistillLoss(clean, target, in.Weight, m.summed())
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

// adversary is the discriminator, its update, and what it says to the student. Other methods may use it beside a loss of their own.
type adversary struct{ setup }

// adversaryInputs are the inputs of the discriminator's update, nil where the config has none.
type adversaryInputs[T any] struct {
	RealView, FakeView T // [B,V]: augmentation of both
	HeadsRate          T // [3]: the optimiser's coefficients
}

// Init implements Method: the heads, on taps of the feature network.
func (a adversary) Init(store *model.Store) error {
	if a.cfg.Adversarial == 0 {
		return nil
	}
	cfg, features := a.cfg.Discriminator, a.bundle.Features(a.cfg.Features())
	widths := make([]int, len(cfg.Blocks(features.Depth)))
	for i := range widths {
		widths[i] = features.Width
	}
	networks := a.bundle.Config.Networks
	condition := cfg.CondDim(networks.Text.Projection, networks.Features.Width)
	if err := discriminator.Init(store, "/"+discriminatorScope, widths, condition, cfg, a.cfg.Seed); err != nil {
		return fmt.Errorf("distill: %w", err)
	}
	return nil
}

// Losses implements Method: the losses, what tells their health, and the norms of gradients at x̂_θ, of student and of heads.
func (adversary) Losses() []string {
	return []string{
		"g_adv", "distill", "d_real", "d_fake", "r1", "acc_real", "acc_fake", "logit_real", "logit_fake",
		"adv_grad", "distill_grad", "student_grad", "d_grad", "pixel_var", "auc_pure", "gap_pure",
	}
}

// updates are those of a step, every R1Every-th with the penalty: the discriminator's own first, then the one that moves the student too.
func updates[N, H any](t terms, step int, draw func(b dataset.Batch, step, number int) H, update func(root *model.Scope, in N, r1, alone bool) map[string]*Node) []Update {
	d, name := t.cfg.Discriminator, "plain"
	r1 := t.cfg.Adversarial > 0 && d.R1Weight > 0 && step%d.R1Every == 0
	if r1 {
		name = "with R1"
	}
	if t.match.on(step) {
		name += ", matching"
	}
	one := func(name string, alone bool) Update {
		return Update{
			Name:  name,
			Draw:  func(b dataset.Batch, number int) any { return draw(b, step, number) },
			Graph: train.GraphOf(func(root *model.Scope, in N) map[string]*Node { return update(root, in, r1, alone) }),
		}
	}
	var all []Update
	for range t.cfg.DiscriminatorUpdates - 1 {
		all = append(all, one("discriminator, "+name, true))
	}
	return append(all, one(name, false))
}

// draw makes the inputs for so many pictures. Every batch moves the heads once, so that number counts their updates.
func (a adversary) draw(step, number, pictures int) (in adversaryInputs[*tensors.Tensor]) {
	if a.cfg.Adversarial > 0 {
		in.RealView, in.FakeView = a.view("real-view", number, pictures), a.view("fake-view", number, pictures)
		in.HeadsRate = train.F32(a.headsOptimiser.Coefficients(a.cfg.DiscriminatorRate.At(step, a.cfg.Steps), number), 3)
	}
	return in
}

// update moves the discriminator against L_adv^D (ADD eq. 3) and returns the gradient of L_adv^G (ADD eq. 2) at x0 = x̂_θ.
//
// Both share the pass over the generated pictures, augmented once: the student's gradient goes through heads and features to x̂_θ, the
// discriminator's stops at the features.
func (a adversary) update(n networks, seen studentInputs[*Node], in adversaryInputs[*Node], x0 *Node, text diffusion.Cond, r1 bool, losses map[string]*Node) *Node {
	cfg, g := a.cfg.Discriminator, x0.Graph()
	heads := discriminator.Bind(n.root.At(discriminatorScope), g, cfg, true)

	// The condition: c_text, and c_img of the real picture, which is 0 where x_s is pure noise.
	var image *Node
	if cfg.Image {
		image = Mul(StopGradient(n.imageEmbedding(seen.Real)), InsertAxes(Sign(diffusion.LevelFrom(seen.Start).Alpha), 1))
	}
	cond := discriminator.Condition(cfg, text.Pooled, image)

	// F_k of generated and real pictures, [B,T,C] each, and the logits D_k of the generated ones.
	features := func(img, view *Node) []*Node {
		return discriminator.Features(n.features, img, view, cfg)
	}
	clean := Identity(StopGradient(x0))
	fakeTokens, realTokens := features(clean, in.FakeView), features(seen.Real, in.RealView)
	fake := make([]*Node, len(fakeTokens))
	for k, tokens := range fakeTokens {
		fake[k] = Identity(StopGradient(tokens))
	}
	fakeLogits := heads.Logits(fake, cond)

	// Eq. 3: hinge loss, and R1 = E Σ_k ‖∇_{f_k} Σ_i D_k(f_k)_i‖² at the inputs of the heads, f_k = sg(F_k(x₀)), i over tokens.
	var loss discriminator.Loss
	var realLogits []*Node
	if r1 {
		var penalty *Node
		realLogits, penalty = heads.LogitsR1(realTokens, cond)
		loss = discriminator.DiscriminatorLoss(realLogits, fakeLogits, penalty, cfg.R1Weight*float64(cfg.R1Every))
		losses["r1"] = penalty
	} else {
		for k := range realTokens {
			realTokens[k] = StopGradient(realTokens[k])
		}
		realLogits = heads.Logits(realTokens, cond)
		loss = discriminator.DiscriminatorLoss(realLogits, fakeLogits, nil, 0)
	}
	told := diffusion.LevelFrom(seen.Level).T
	first := ConvertDType(GreaterOrEqual(told, Scalar(g, told.DType(), float64(a.cfg.Times[0])/1000-1e-6)), told.DType()) // [B], 1 where sampling begins
	losses["auc_pure"], losses["gap_pure"] = discriminator.AUC(realLogits, fakeLogits, first)

	// Eq. 2, from the logits to the tokens, and from there through the frozen features to the picture.
	generator := discriminator.GeneratorLoss(fakeLogits)
	atTokens := Gradient(MulScalar(generator, a.cfg.Adversarial), fake...)
	pulled := ReduceAllSum(Mul(fakeTokens[0], StopGradient(atTokens[0])))
	for k, tokens := range fakeTokens[1:] {
		pulled = Add(pulled, ReduceAllSum(Mul(tokens, StopGradient(atTokens[k+1]))))
	}
	gradient := Gradient(pulled, clean)[0]

	losses["d_grad"] = a.headsOptimiser.Update(optim.Variables(n.root.At(discriminatorScope), g), loss.Total, in.HeadsRate)
	losses["g_adv"], losses["adv_grad"] = generator, l2(gradient)
	losses["d_real"], losses["acc_real"], losses["logit_real"] = loss.Real, loss.RealAccuracy, loss.RealLogit
	losses["d_fake"], losses["acc_fake"], losses["logit_fake"] = loss.Fake, loss.FakeAccuracy, loss.FakeLogit
	return gradient
}
