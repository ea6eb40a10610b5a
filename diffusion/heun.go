package diffusion

import "cmp"

// Heun is EDM's deterministic sampler (EDM algorithm 1 with σ(t) = t and s(t) = 1): Euler's step, then one with the mean of the slopes at
// both of its ends. It is of second order and asks the denoiser twice in a step.
//
// With x̄ = x/α and s = σ/α, Euler's step from s_t to s_u has come to x̄′, on the line through x̄ and x̂₀. Then the slope there,
// (x̄′ − x̂₀′)/s_u, amends it to
//
//	x̄′ + ½(s_t/s_u − 1)(x̂₀′ − x̂₀)
//
// so the plan needs no second state. Out of pure noise s_t is infinite; there the mean is over α/σ, in which x̄/s moves by x̂₀, and the
// factor is ½. The step into clean data has no slope at its end and stays Euler's. So does the second one where the number of calls is even.
type Heun struct {
	Grid Grid // default GridKarras
}

var _ Sampler = Heun{}

func (Heun) Name() string { return "heun" }

func (h Heun) Plan(s Schedule, calls int) ([]Step, error) {
	times, err := cmp.Or(h.Grid, GridKarras).times(s, min(calls, calls/2+1))
	if err != nil {
		return nil, err
	}
	return heun(s, times, calls%2 == 0), nil
}

// heun goes along falling times, the last one being the end. even leaves out a call.
func heun(s Schedule, times []float64, even bool) (plan []Step) {
	last := len(times) - 2
	for i := range last + 1 {
		t, u := times[i], times[i+1]
		plan = append(plan, firstOrder(s, t, u))
		if i == last || even && i == min(1, last-1) {
			continue
		}
		alphaT, sigmaT := s.AlphaSigma(t)
		alphaU, sigmaU := s.AlphaSigma(u)
		factor := alphaU / 2
		if alphaT > 0 {
			factor *= sigmaT*alphaU/(alphaT*sigmaU) - 1
		}
		plan = append(plan, Step{T: u, X: 1, X0: factor, Prev: [History]float64{-factor}})
	}
	return plan
}
