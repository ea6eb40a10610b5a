package distill

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/train/optim"
)

// step builds one training step, both updates in one graph: the pass of the frozen networks over the generated pictures is shared.
// Each update sees the other network as it was before the step.
type step struct {
	cfg           Config
	nets          nets
	student       optim.Optimizer
	discriminator optim.AdamW
	penalise      bool // with R1 this time
}

func newStep(cfg Config, n nets, penalise bool) *step {
	return &step{
		cfg: cfg, nets: n, penalise: penalise,
		student:       studentOptimiser(cfg, n.bundle.Backbone(cfg.Student()).Outer()...),
		discriminator: discriminatorOptimiser(),
	}
}

func studentOptimiser(cfg Config, outer ...string) optim.Optimizer {
	if cfg.Muon {
		return optim.NewMuon(studentAdamW(cfg), outer...)
	}
	return studentAdamW(cfg)
}

func studentAdamW(cfg Config) optim.AdamW {
	return optim.AdamW{Name: "student", Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, ClipNorm: cfg.ClipNorm}
}

func discriminatorOptimiser() optim.AdamW {
	return optim.AdamW{Name: "discriminator", Beta1: 0, Beta2: 0.99, Epsilon: 1e-8}
}

// inputs are the step's inputs by position.
type inputs struct {
	real, noise, level     *Node // [B,S,S,3], [B,S,S,3], [B,3]: x₀, ε, level of s
	ids, null, negative    *Node // [B,L], [1,L], [1,L]
	seesImage              *Node // [B], 0 where s = τ_n: there x_s says nothing about x₀
	realView, fakeView     *Node // augmentation of both
	teacherNoise, teacherT *Node // [B,S,S,3], [K,B,3]: ε′ and the levels of t
	weight                 *Node // [B], c(t)
	studentRate, discRate  *Node // optimiser coefficients, [3] each
	decay                  *Node // of the student's average
}

func inputsFrom(n []*Node) inputs {
	return inputs{n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13], n[14]}
}

// columns name what build returns.
var columns = []string{
	"g_adv", "distill", "d_real", "d_fake", "r1", "acc_real", "acc_fake", "logit_real", "logit_fake",
	"adv_grad", "distill_grad", "student_grad", "d_grad", "pixel_var",
}

// build is the graph function: scalars in the order of columns.
func (s *step) build(root *model.Scope, args []*Node) []*Node {
	in := inputsFrom(args)
	g := in.real.Graph()
	root.Store().SetTraining(g, true)
	s.nets.root = root
	zero := ScalarZero(g, in.real.DType())

	// One step of the student from the diffused real picture.
	text, null, negative := s.nets.text(in.ids), s.nets.text(in.null), s.nets.text(in.negative)
	xs := diffusion.Diffuse(in.real, in.noise, diffusion.LevelFrom(in.level))
	if s.signalAtFirst() > 0 {
		xs = pureAtFirst(xs, in.noise, in.seesImage)
	}
	x0 := s.nets.student()(xs, diffusion.LevelFrom(in.level), text)

	// Adversarial term and discriminator. The inputs that a cell leaves out are still read: some engines want every input used.
	var adversarial, discNorm *Node = nil, zero
	unused := Add(ReduceAllSum(in.discRate), Add(ReduceAllSum(in.realView), Add(ReduceAllSum(in.fakeView), ReduceAllSum(in.seesImage))))
	loss := discriminator.Loss{Real: zero, Fake: zero, R1: zero, RealAccuracy: zero, FakeAccuracy: zero, RealLogit: zero, FakeLogit: zero}
	gLoss := MulScalar(unused, 0.0)
	if s.cfg.Adversarial > 0 {
		var image *Node
		if s.cfg.Discriminator.Image {
			image = Mul(StopGradient(s.nets.imageEmbedding(in.real)), InsertAxes(in.seesImage, 1))
		}
		cond := discriminator.Condition(s.cfg.Discriminator, text.Pooled, image)
		heads := discriminator.Bind(root.At(discriminatorScope), g, s.cfg.Discriminator, true)
		judged := s.judge(heads, in.real, x0, in.realView, in.fakeView, cond, s.penalise)
		adversarial, loss, gLoss = judged.gradient, judged.loss, Add(gLoss, judged.gLoss)
		if loss.R1 == nil {
			loss.R1 = zero
		}
		discNorm = discriminatorStep(root, s.discriminator, loss, in.discRate)
	}

	// Distillation term.
	distillLoss := MulScalar(Add(Add(ReduceAllSum(in.weight), ReduceAllSum(in.teacherNoise)), Add(ReduceAllSum(in.teacherT), ReduceAllSum(Add(null.Pooled, negative.Pooled)))), 0.0)
	var distill *Node
	if s.cfg.Lambda > 0 {
		var l *Node
		if s.cfg.Consistency != nil {
			l, distill = s.consistencyGradient(x0, xs, diffusion.LevelFrom(in.level), levelsFrom(in.teacherT)[0], text, null)
		} else {
			l, distill = s.distillGradient(x0, in.teacherNoise, levelsFrom(in.teacherT), in.weight, text, null, negative)
		}
		distillLoss = Add(distillLoss, l)
	}

	advNorm, distillNorm, studentNorm := studentStep(root, s.student, x0, adversarial, distill, in.studentRate, in.decay)
	return []*Node{
		gLoss, distillLoss, loss.Real, loss.Fake, loss.R1, loss.RealAccuracy, loss.FakeAccuracy, loss.RealLogit, loss.FakeLogit,
		advNorm, distillNorm, studentNorm, discNorm, pixelVariance(x0),
	}
}

// signalAtFirst is the schedule's α at the first time: above 0 where that is less than 1000, and where the schedule's end is not pure noise.
func (s *step) signalAtFirst() float64 {
	schedule, err := diffusion.ScheduleByName(s.nets.bundle.Config.Schedule)
	if err != nil {
		panic(err)
	}
	alpha, _ := schedule.AlphaSigma(float64(s.cfg.Times[0]) / 1000)
	return alpha
}

// pureAtFirst gives pure noise where the student is told the first time, as it meets nothing else there when it draws.
func pureAtFirst(xs, noise, seesImage *Node) *Node {
	keep := Reshape(seesImage, xs.Shape().Dim(0), 1, 1, 1)
	return Add(Mul(keep, xs), Mul(OneMinus(keep), noise))
}

// pixelVariance is the variance over the batch, averaged over pixels: it falls to 0 when the student always draws the same.
func pixelVariance(x *Node) *Node {
	mean := ReduceAndKeep(x, ReduceMean, 0)
	return ReduceAllMean(Mul(Sub(x, mean), Sub(x, mean)))
}
