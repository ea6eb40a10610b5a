package diffusion

import (
	"fmt"
	"math"
	"slices"
)

// Form names how a few-step sampler goes from one prediction to the next level.
type Form string

const (
	// Renoise diffuses the prediction anew, x_u = α_u x̂ + σ_u z (ADD §3.1, after consistency models 2303.01469 algorithm 1): the
	// student sees the marginals it was trained on, as far as x̂ is distributed like data.
	Renoise Form = "renoise"
	// Ancestral draws x_u from q(x_u | x_t, x₀ = x̂): the ancestral Euler step of k-diffusion, which the ADD demo uses. If the first time
	// is below 1, the student gets that timestep but x is still pure noise, so the first step equals that of Renoise.
	Ancestral Form = "ancestral"
	// ODE adds no noise: x_u = α_u x̂ + σ_u ε̂ with ε̂ of x_t and x̂, the step of DDIM. It is for students that learned the ends of paths.
	ODE Form = "ode"
)

// Forms lists every form.
var Forms = []Form{Renoise, Ancestral, ODE}

// FewStep samples from a distilled student at the times it was trained for. The last prediction is the image.
type FewStep struct {
	// Times fall within (0,1]; the default is 1, 0.75, 0.5, 0.25. Fewer steps take an evenly spread subset that begins with
	// the first: two of four are 1 and 0.5. A multiple of their number divides each interval, the last one down to 0: eight
	// of four are 1, 0.875, 0.75 … 0.125. A student of the four was not trained at half of these.
	Times []float64
	Form  Form // default Renoise
}

var _ Sampler = FewStep{}

func (f FewStep) Name() string {
	if f.Form == "" {
		f.Form = Renoise
	}
	return "fewstep-" + string(f.Form)
}

func (f FewStep) Plan(s Schedule, steps int) ([]Step, error) {
	times := f.Times
	if times == nil {
		times = []float64{1, 0.75, 0.5, 0.25}
	}
	if err := checkTimes(times); err != nil {
		return nil, err
	}
	if steps < 1 || steps > len(times) && steps%len(times) != 0 {
		return nil, fmt.Errorf("diffusion: steps = %d, want 1 to %d, the number of times, or a multiple of it", steps, len(times))
	}
	if steps > len(times) {
		times = divided(times, steps/len(times))
	}

	plan := make([]Step, steps)
	for i := range plan {
		t := times[i*len(times)/steps]
		if i == steps-1 {
			plan[i] = Step{T: t, X0: 1}
			break
		}
		u := times[(i+1)*len(times)/steps]
		alpha, sigma := s.AlphaSigma(u)
		switch {
		case f.Form == Ancestral && (i > 0 || t == 1):
			plan[i] = ancestral(s, t, u)
		case f.Form == ODE && i == 0: // x is the noise of t = 1, whatever time the student is told
			plan[i] = firstOrder(s, 1, u)
			plan[i].T = t
		case f.Form == ODE:
			plan[i] = firstOrder(s, t, u)
		default:
			plan[i] = Step{T: t, X0: alpha, Noise: sigma}
		}
	}
	if f.Form != "" && !slices.Contains(Forms, f.Form) {
		return nil, fmt.Errorf("diffusion: form = %q, want one of %q", f.Form, Forms)
	}
	return plan, nil
}

// divided puts n−1 even steps between every time and the next, 0 after the last.
func divided(times []float64, n int) []float64 {
	var all []float64
	for i, t := range times {
		next := 0.0
		if i+1 < len(times) {
			next = times[i+1]
		}
		for k := range n {
			all = append(all, t+(next-t)*float64(k)/float64(n))
		}
	}
	return all
}

func checkTimes(times []float64) error {
	above := math.Nextafter(1, 2)
	for _, t := range times {
		if !(0 < t && t < above) {
			return fmt.Errorf("diffusion: times = %v, want strictly falling times in (0,1]", times)
		}
		above = t
	}
	if len(times) == 0 {
		return fmt.Errorf("diffusion: times = [], want at least one")
	}
	return nil
}
