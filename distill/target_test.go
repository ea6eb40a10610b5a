package distill

import (
	"fmt"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

// The toy world: a teacher known in closed form. Its points are pictures of one pixel with two channels, [B,1,1,2].
var toyRing = diffusion.Ring(5, 1.5, 0.3)

// toyValues sums d over a whole point.
const toyValues = 2

// toyBatch is points, noise and levels in float64. Times lie on both sides of nfsd's border at 0.2.
type toyBatch struct {
	times, alpha, sigma []float64
	x0, eps             []float64 // flat [B,2]
}

func newToyBatch() toyBatch {
	b := toyBatch{times: []float64{0.05, 0.19, 0.21, 0.4, 0.6, 0.8, 0.97}}
	for _, t := range b.times {
		alpha, sigma := diffusion.Cosine{}.AlphaSigma(t)
		b.alpha, b.sigma = append(b.alpha, alpha), append(b.sigma, sigma)
	}
	r := rng.New(1, "toy", 0)
	for range 2 * len(b.times) {
		b.x0, b.eps = append(b.x0, 2*r.NormFloat64()), append(b.eps, r.NormFloat64())
	}
	return b
}

func (b toyBatch) picture(x []float64) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(x, len(b.times), 1, 1, 2)
}

// levels is the input [K,B,3] of K teacher steps that divide the way down to 0 evenly.
func (b toyBatch) levels(k int) *tensors.Tensor {
	var flat []float64
	for i := range k {
		for _, t := range b.times {
			t *= float64(k-i) / float64(k)
			alpha, sigma := diffusion.Cosine{}.AlphaSigma(t)
			flat = append(flat, t, alpha, sigma)
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, k, len(b.times), 3)
}

func (b toyBatch) weights(w diffusion.Weighting) *tensors.Tensor {
	c := make([]float64, len(b.times))
	for i := range c {
		c[i] = w.C(b.alpha[i], b.sigma[i])
	}
	return tensors.FromFlatDataAndDimensions(c, len(c))
}

// noiseOf is ε̂ of a mixture's perfect denoiser at the diffused points, flat [B,2], computed on the host.
func (b toyBatch) noiseOf(m func(i int) diffusion.Mixture) []float64 {
	out := make([]float64, len(b.x0))
	for i := range b.times {
		xt := make([]float64, 2)
		for c := range xt {
			xt[c] = b.alpha[i]*b.x0[2*i+c] + b.sigma[i]*b.eps[2*i+c]
		}
		clean := m(i).Denoise(xt, b.alpha[i], b.sigma[i])
		for c := range xt {
			out[2*i+c] = (xt[c] - b.alpha[i]*clean[c]) / b.sigma[i]
		}
	}
	return out
}

func doubles(x *tensors.Tensor) []float64 { return tensors.MustCopyFlatData[float64](x) }

// The table of ADD's weightings: what c(t) makes of the gradient at x̂_θ, in the toy world where ε̂_ψ is known exactly.
func TestWeightingGradients(t *testing.T) {
	b := newToyBatch()
	teacher := b.noiseOf(func(int) diffusion.Mixture { return toyRing })
	for _, test := range []struct {
		weighting diffusion.Weighting
		factor    func(sigma float64) float64
	}{
		{diffusion.Exponential, func(sigma float64) float64 { return 2 * sigma }}, // 2σ_t(ε̂_ψ − ε′)
		{diffusion.SDS, func(float64) float64 { return 1 }},                       // w(t)(ε̂_ψ − ε′), w = 1
	} {
		out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			target := levelsFrom(in[2]).target(toyRing.Denoiser(), in[0], in[1], diffusion.Cond{})
			return Gradient(DistillLoss(in[0], target, in[3], toyValues), in[0])
		}, b.picture(b.x0), b.picture(b.eps), b.levels(1), b.weights(test.weighting))

		want := make([]float64, len(teacher))
		for i := range want {
			want[i] = test.factor(b.sigma[i/2]) * (teacher[i] - b.eps[i]) / float64(len(b.times)) // the loss is a mean over the batch
		}
		if diff := cmp.Diff(want, doubles(out[0]), cmpopts.EquateApprox(1e-8, 1e-10)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", string(test.weighting), diff)
		}
	}
}

// w(t)(δ_D + g·δ_C), with the caption, no caption and the negative caption as three mixtures of the toy world.
func TestNFSDGradient(t *testing.T) {
	const g = 7.5
	b := newToyBatch()
	caption, null, negative := make([][]float64, len(b.times)), [][]float64{{1, 1, 1, 1, 1}}, [][]float64{{0, 0, 1, 1, 0}}
	for i := range caption {
		caption[i] = make([]float64, len(toyRing))
		caption[i][i%len(toyRing)] = 1
	}
	out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		told := func(i int) diffusion.Cond { return diffusion.Cond{Pooled: in[i]} }
		target := levelsFrom(in[2]).nfsdTarget(toyRing.Denoiser(), in[0], in[1], told(4), told(5), told(6), g)
		return Gradient(DistillLoss(in[0], target, in[3], toyValues), in[0])
	}, b.picture(b.x0), b.picture(b.eps), b.levels(1), b.weights(diffusion.NFSD), caption, null, negative)

	withCaption := b.noiseOf(func(i int) diffusion.Mixture { return toyRing[i%len(toyRing):][:1] })
	withNull := b.noiseOf(func(int) diffusion.Mixture { return toyRing })
	withNegative := b.noiseOf(func(int) diffusion.Mixture { return toyRing[2:4] })
	want := make([]float64, len(b.x0))
	for i := range want {
		deltaC, deltaD := withCaption[i]-withNull[i], withNull[i]
		if b.times[i/2] >= 0.2 {
			deltaD -= withNegative[i]
		}
		want[i] = (deltaD + g*deltaC) / float64(len(b.times))
	}
	if diff := cmp.Diff(want, doubles(out[0]), cmpopts.EquateApprox(1e-8, 1e-10)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// With K steps the target is what K DDIM steps on the host predict, however far the student's output is.
func TestTeacherStepsAreDDIM(t *testing.T) {
	b := newToyBatch()
	for _, k := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(k, " steps"), func(t *testing.T) {
			out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
				return []*Node{levelsFrom(in[2]).target(toyRing.Denoiser(), in[0], in[1], diffusion.Cond{})}
			}, b.picture(b.x0), b.picture(b.eps), b.levels(k))

			var want []float64
			for i, t0 := range b.times {
				x := []float64{b.alpha[i]*b.x0[2*i] + b.sigma[i]*b.eps[2*i], b.alpha[i]*b.x0[2*i+1] + b.sigma[i]*b.eps[2*i+1]}
				var clean []float64
				for j := range k {
					alpha, sigma := diffusion.Cosine{}.AlphaSigma(t0 * float64(k-j) / float64(k))
					next, noise := diffusion.Cosine{}.AlphaSigma(t0 * float64(k-j-1) / float64(k))
					clean = toyRing.Denoise(x, alpha, sigma)
					for c := range x {
						x[c] = next*clean[c] + noise*(x[c]-alpha*clean[c])/sigma
					}
				}
				want = append(want, clean...)
			}
			if diff := cmp.Diff(want, doubles(out[0]), cmpopts.EquateApprox(1e-8, 1e-10)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPixelVariance(t *testing.T) {
	same, half := graphtest.Normals(1, 1, 2, 2, 3), make([]float32, 2*12)
	copy(half, graphtest.Floats(same))
	copy(half[12:], graphtest.Floats(same))
	equal := tensors.FromFlatDataAndDimensions(append([]float32(nil), half...), 2, 2, 2, 3)
	for i := range 12 {
		half[i] += 2 // one apart from the mean on either side
	}
	out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{pixelVariance(in[0]), pixelVariance(in[1])}
	}, equal, tensors.FromFlatDataAndDimensions(half, 2, 2, 2, 3))
	if got := graphtest.Floats(out[0])[0]; got > 1e-12 {
		t.Errorf("variance of equal pictures = %g, want 0", got)
	}
	near(t, "variance of pictures 2 apart", []float32{1}, graphtest.Floats(out[1]), 1e-5)
}
