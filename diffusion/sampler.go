package diffusion

import (
	"fmt"

	"github.com/addlab/addlab/internal/named"
)

// Step is one linear update of a sampler: with x̂₀ predicted from x at time T,
//
//	x ← X·x + X0·x̂₀ + Prev·x̂₀_prev + Noise·z,  z ~ N(0,I)
//
// where x̂₀_prev is the prediction of the step before.
type Step struct{ T, X, X0, Prev, Noise float64 }

// Coef returns the four coefficients X, X0, Prev, Noise: the input of Update.
func (s Step) Coef() []float32 {
	return []float32{float32(s.X), float32(s.X0), float32(s.Prev), float32(s.Noise)}
}

// Sampler plans how pure noise at t = 1 becomes an image in the given number of denoiser calls.
type Sampler interface {
	Name() string
	Plan(s Schedule, steps int) ([]Step, error)
}

// Samplers returns every sampler of the package with its default options.
func Samplers() []Sampler {
	return []Sampler{DDIM{}, DPMSolverPP2M{}, FewStep{Form: Renoise}, FewStep{Form: Ancestral}}
}

// SamplerByName returns the sampler, with its default options, whose Name is name.
func SamplerByName(name string) (Sampler, error) {
	return named.Find("diffusion: sampler", name, Samplers(), Sampler.Name)
}

// Grid names how a sampler spaces its times.
//
// Uniform t is what Stable Diffusion's users run. Uniform λ resolves the last, fine levels better, where Stable Diffusion's
// schedule is steep. It is better on sharp modes with both schedules; on broad modes with the cosine schedule uniform t is.
type Grid string

const (
	GridTime   Grid = "time"   // uniform in t from 1 to 0; the default
	GridLogSNR Grid = "logsnr" // uniform in λ_t between t = 0.999 and 0.001, closed by t = 1 and t = 0
)

// GridLogSNR spans these times: at 0 and 1 λ may be infinite.
const gridFirst, gridLast = 0.999, 0.001

// times returns steps+1 falling times from 1 to 0.
func (g Grid) times(s Schedule, steps int) ([]float64, error) {
	if steps < 1 {
		return nil, fmt.Errorf("diffusion: steps = %d, want ≥ 1", steps)
	}
	t := make([]float64, steps+1)
	switch g {
	case GridTime, "":
		for i := range t {
			t[i] = float64(steps-i) / float64(steps)
		}
	case GridLogSNR:
		first, last := LogSNR(s, gridFirst), LogSNR(s, gridLast)
		for i := 1; i < steps; i++ {
			t[i] = timeOfLogSNR(s, first+(last-first)*float64(i)/float64(steps-1))
		}
		t[0], t[steps] = 1, 0
	default:
		return nil, fmt.Errorf("diffusion: grid = %q, want one of %q", g, []Grid{GridTime, GridLogSNR})
	}
	return t, nil
}
