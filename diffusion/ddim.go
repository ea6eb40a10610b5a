package diffusion

// DDIM is the deterministic sampler of DDIM (η = 0): the first-order solver of the probability-flow ODE.
type DDIM struct {
	Grid Grid // default GridTime
}

var _ Sampler = DDIM{}

func (DDIM) Name() string { return "ddim" }

func (d DDIM) Plan(s Schedule, steps int) ([]Step, error) {
	times, err := d.Grid.times(s, steps)
	if err != nil {
		return nil, err
	}
	plan := make([]Step, steps)
	for i := range plan {
		plan[i] = firstOrder(s, times[i], times[i+1])
	}
	return plan, nil
}

// firstOrder goes from time t to u: x_u = α_u x̂₀ + σ_u ε̂ with ε̂ = (x_t − α_t x̂₀)/σ_t (DDIM eq. 12 with σ = 0).
func firstOrder(s Schedule, t, u float64) Step {
	alphaT, sigmaT := s.AlphaSigma(t)
	alphaU, sigmaU := s.AlphaSigma(u)
	ratio := sigmaU / sigmaT
	return Step{T: t, X: ratio, X0: alphaU - ratio*alphaT}
}
