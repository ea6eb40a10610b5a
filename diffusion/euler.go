package diffusion

import "cmp"

// Euler is Euler's method for the probability-flow ODE in x̄ = x/α and s = σ/α (EDM algorithm 1 without its correction and churn;
// k-diffusion's sample_euler):
//
//	x̄ ← x̄ + (s_u − s_t)(x̄ − x̂₀)/s_t
//
// For x itself that is the step of DDIM. What differs is the grid.
type Euler struct {
	Grid Grid // default GridKarras
}

var _ Sampler = Euler{}

func (Euler) Name() string { return "euler" }

func (e Euler) Plan(s Schedule, steps int) ([]Step, error) {
	return DDIM{cmp.Or(e.Grid, GridKarras)}.Plan(s, steps)
}
