package diffusion

import "slices"

// plmsWeights are those of the network's last outputs, the newest first: the formulas of Adams and Bashforth (PNDM 2202.09778 eq. 9, and
// those of lower order to begin with).
var plmsWeights = [][]float64{{1}, {3. / 2, -1. / 2}, {23. / 12, -16. / 12, 5. / 12}, {55. / 24, -59. / 24, 37. / 24, -9. / 24}}

// plms is PNDM without Runge–Kutta steps. As in diffusers the second call repeats the first step with the mean of both outputs, and its own
// is not used again. So there is a call more than steps, and times[1] = times[2]. A step is gap timesteps long.
//
// From level (α, σ) to (α′, σ′) the combined output o is used as DDIM uses ε̂ (eq. 11); where it is v, α·o + σ·x is used so:
//
//	x ← α′/α·x + (σ′ − α′σ/α)·o
func (s Scheduler) plms(times []float64, gap float64) (all []Step) {
	var used []int       // calls, the newest first
	var gains []float64  // the output of a call is gain·(x̂₀ + keep·x); the bracket is what its step keeps
	var onX, onO float64 // factors of x and o in the first step
	for i, t := range times {
		own := s.level(t)
		gain, keep := -own.alpha/own.sigma, -1/own.alpha // ε = (x − α·x̂₀)/σ
		if s.Prediction == PredictV {
			gain, keep = -1/own.sigma, -own.alpha // v = (α·x − x̂₀)/σ
		}
		gains = append(gains, gain)

		from, u := own, t-gap
		if i == 1 {
			from, u = s.level(t+gap), t
		} else {
			used = slices.Insert(used, 0, i)
			used = used[:min(len(used), len(plmsWeights))]
		}
		calls, weights := used, plmsWeights[len(used)-1]
		if i == 1 {
			calls, weights = []int{1, 0}, []float64{0.5, 0.5}
		}
		to := level{1, 0}
		if u >= 0 {
			to = s.level(u)
		} else if !s.alphaToOne {
			to = s.level(0)
		}
		x, o := to.alpha/from.alpha, to.sigma-to.alpha*from.sigma/from.alpha
		if s.Prediction == PredictV {
			x, o = x+o*from.sigma, o*from.alpha
		}

		step := Step{X: x, Keep: keep}
		switch i {
		case 0:
			onX, onO = x, o
		case 1: // the first step led from x to onX·x + onO·o: this one starts from the same x
			step.X = x / onX
			step.Prev[0] = -x * onO / onX * gains[0]
		}
		for k, call := range calls {
			if factor := o * weights[k] * gains[call]; call == i {
				step.X0 += factor
				step.X += factor * keep
			} else {
				step.Prev[i-1-call] += factor
			}
		}
		all = append(all, step)
	}
	return all
}
