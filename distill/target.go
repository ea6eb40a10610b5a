package distill

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/addlab/addlab/diffusion"
)

// B batch, K teacher steps.

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
	clean := teacher(xt, t[0], cond)
	for k := 1; k < len(t); k++ {
		xt = diffusion.Diffuse(clean, diffusion.EpsFromX0(xt, clean, t[k-1]), t[k])
		clean = teacher(xt, t[k], cond)
	}
	return StopGradient(clean)
}

// nfsdTarget is the target of noise-free score distillation (Katzir et al. 2310.17590); the teacher is asked three times at once.
func (t teacherLevels) nfsdTarget(teacher diffusion.Denoiser, x0, eps *Node, cond, null, negative diffusion.Cond, g float64) *Node {
	b, level := x0.Shape().Dim(0), t[0]
	xt := diffusion.Diffuse(x0, eps, level)
	all := teacher(Concatenate([]*Node{xt, xt, xt}, 0), diffusion.ConcatLevels(level, level, level),
		diffusion.ConcatConds(cond, null.Expand(b), negative.Expand(b)))
	noise := func(i int) *Node {
		return diffusion.EpsFromX0(xt, Slice(all, AxisRange(i*b, (i+1)*b)), level)
	}
	return diffusion.NFSDTarget(x0, noise(0), noise(1), noise(2), level, g)
}

func (s setup) nfsd() bool { return s.cfg.Weighting == diffusion.NFSD }

// nfsdGuidance is g of noise-free score distillation: 7.5 where the config gives none, as in its paper.
func (s setup) nfsdGuidance() float64 {
	if s.cfg.TeacherGuidance == 0 {
		return 7.5
	}
	return s.cfg.TeacherGuidance
}

// negative is the caption of what nfsd leads away from.
func (c Config) negative(b Base) string { return cmp.Or(c.Negative, b.NegativeCaption()) }

// summed is the number of pixel values over which a squared distance sums, see Config.Reduction.
func (s setup) summed() int {
	if s.cfg.Reduction == Mean {
		return 1
	}
	return s.reduced(s.values())
}

// reduced is summed of so many values.
func (s setup) reduced(values int) int {
	switch s.cfg.Reduction {
	case Sum:
		return values
	case Patch:
		return values / s.base.ImageEncoder().Patches()
	}
	return 1
}
