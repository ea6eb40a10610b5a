package distill

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/train/optim"
)

// studentStep moves the student along the gradient of L_adv^G + λ·L_distill (ADD eq. 1).
//
// x0 is x̂_θ [B,S,S,3] with its gradient. adversarial and distill are the gradients of the two terms at x̂_θ, already weighted, or nil
// where the term is left out: both are small networks away from x̂_θ, and taken apart here so that their sizes can be watched.
// Returns the norms of both at x̂_θ and of the student's gradient.
func studentStep(root *model.Scope, opt optim.Optimizer, x0, adversarial, distill, coefficients, decay *Node) (advNorm, distillNorm, gradNorm *Node) {
	g := x0.Graph()
	total := ZerosLike(x0)
	norm := func(grad *Node) *Node {
		if grad == nil {
			return ScalarZero(g, x0.DType())
		}
		total = Add(total, grad)
		return Sqrt(ReduceAllSum(Mul(grad, grad)))
	}
	advNorm, distillNorm = norm(adversarial), norm(distill)

	// The gradient of ⟨x̂_θ, sg(∂L/∂x̂_θ)⟩ with respect to θ is that of L.
	surrogate := ReduceAllSum(Mul(x0, StopGradient(total)))
	variables := optim.Variables(root.At(studentScope), g)
	gradNorm = opt.Update(variables, surrogate, coefficients)
	optim.EMA(variables, "/"+studentScope, "/"+studentEMAScope, decay)
	return advNorm, distillNorm, gradNorm
}

// distillGradient is L_distill at x̂_θ and the gradient of λ·L_distill there.
func (s *step) distillGradient(x0, eps *Node, levels teacherLevels, weight *Node, cond, null, negative diffusion.Cond) (loss, gradient *Node) {
	clean := Identity(StopGradient(x0))
	teacher := s.nets.teacher()
	var target *Node
	if s.cfg.Weighting == (diffusion.NFSD{}).Name() {
		target = levels.nfsdTarget(teacher, clean, eps, cond, null, negative, s.cfg.guidance())
	} else {
		if s.cfg.TeacherGuidance > 0 {
			teacher = diffusion.Guide(teacher, Scalar(x0.Graph(), x0.DType(), s.cfg.TeacherGuidance), null)
		}
		target = levels.target(teacher, clean, eps, cond)
	}
	loss = distillLoss(clean, target, weight, s.summed())
	return loss, Gradient(MulScalar(loss, s.cfg.Lambda), clean)[0]
}

// nfsdGuidance is g of noise-free score distillation where the config gives none (Katzir et al. 2310.17590).
const nfsdGuidance = 7.5

func (c Config) guidance() float64 {
	if c.TeacherGuidance == 0 {
		return nfsdGuidance
	}
	return c.TeacherGuidance
}
