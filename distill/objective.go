package distill

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/addlab/addlab/diffusion"
)

// B batch, S side of the picture, K teacher steps.

// teacherLevels are the noise levels of the teacher's K steps from t down, each [B].
type teacherLevels []diffusion.Level

// levelsFrom splits the input [K,B,3].
func levelsFrom(n *Node) teacherLevels {
	levels := make(teacherLevels, n.Shape().Dim(0))
	for k := range levels {
		levels[k] = diffusion.LevelFrom(Squeeze(Slice(n, AxisElem(k)), 0))
	}
	return levels
}

// target is x̂_ψ, the teacher's clean prediction for the diffused student output (ADD eq. 4). With more than one level
// it takes DDIM steps first (ADD Table 1f). x0 is [B,S,S,3] without gradient, eps fresh noise.
func (t teacherLevels) target(teacher diffusion.Denoiser, x0, eps *Node, cond diffusion.Cond) *Node {
	xt := diffusion.Diffuse(x0, eps, t[0])
	for k := range t {
		clean := teacher(xt, t[k], cond)
		if k == len(t)-1 {
			return StopGradient(clean)
		}
		xt = diffusion.Diffuse(clean, diffusion.EpsFromX0(xt, clean, t[k]), t[k+1])
	}
	return nil
}

// distillLoss is E[c(t)·d(x̂_θ, x̂_ψ)] (ADD eq. 4). weight is c(t) [B]; values is the number of pixel values over which d sums squares,
// before it takes the mean over what is left. The target carries no gradient.
func distillLoss(x0, target, weight *Node, values int) *Node {
	difference := Sub(x0, StopGradient(target))
	d := ReduceMean(Mul(difference, difference), 1, 2, 3) // [B]
	return MulScalar(ReduceAllMean(Mul(weight, d)), float64(values))
}

// summed is the number of pixel values over which the squared distance sums.
func (s *step) summed() int {
	bundle := s.nets.bundle.Config
	switch s.cfg.Reduction {
	case Sum:
		return bundle.Size * bundle.Size * 3
	case Patch:
		return bundle.Networks.Features.Patch * bundle.Networks.Features.Patch * 3
	}
	return 1
}

// nfsdTarget is the target of noise-free score distillation; the teacher is asked three times at once.
func (t teacherLevels) nfsdTarget(teacher diffusion.Denoiser, x0, eps *Node, cond, null, negative diffusion.Cond, g float64) *Node {
	b, level := x0.Shape().Dim(0), t[0]
	xt := diffusion.Diffuse(x0, eps, level)
	twice := diffusion.ConcatLevel(level, level)
	all := teacher(Concatenate([]*Node{xt, xt, xt}, 0), diffusion.ConcatLevel(twice, level),
		diffusion.ConcatCond(diffusion.ConcatCond(cond, null.Expand(b)), negative.Expand(b)))
	noise := func(i int) *Node {
		return diffusion.EpsFromX0(xt, Slice(all, AxisRange(i*b, (i+1)*b)), level)
	}
	return diffusion.NFSDTarget(x0, noise(0), noise(1), noise(2), level, g)
}
