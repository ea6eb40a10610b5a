package diffusion

import (
	"cmp"
	"math"
)

// EulerAncestral is Euler's method with fresh noise in every step but the last: x_u is drawn from q(x_u | x_t, x₀ = x̂₀) (k-diffusion's
// sample_euler_ancestral with η = 1). It samples the reverse SDE, where Euler solves the ODE.
type EulerAncestral struct {
	Grid Grid // default GridKarras
}

var _ Sampler = EulerAncestral{}

func (EulerAncestral) Name() string { return "euler-ancestral" }

func (e EulerAncestral) Plan(s Schedule, steps int) ([]Step, error) {
	times, err := cmp.Or(e.Grid, GridKarras).times(s, steps)
	if err != nil {
		return nil, err
	}
	plan := make([]Step, steps)
	for i := range plan {
		plan[i] = ancestral(s, times[i], times[i+1])
	}
	return plan, nil
}

// ancestral goes from time t to u. k-diffusion writes it for x̄ = x/α and s = σ/α (EDM's coordinates):
//
//	s_up² = s_u²(s_t² − s_u²)/s_t²,  s_down² = s_u² − s_up²,  x̄ ← x̄ + (s_down − s_t)(x̄ − x̂)/s_t + s_up z
//
// With q = s_u/s_t = σ_u α_t/(α_u σ_t) that is s_up = s_u√(1−q²) and s_down = s_u q, so for x itself, times α_u,
//
//	x ← (σ_u/σ_t) q x + α_u (1−q²) x̂ + σ_u √(1−q²) z
//
// which is finite at pure noise (q = 0, where it is Renoise) and is the posterior of DDPM (2006.11239 eq. 6–7).
func ancestral(s Schedule, t, u float64) Step {
	alphaT, sigmaT := s.AlphaSigma(t)
	alphaU, sigmaU := s.AlphaSigma(u)
	q := sigmaU * alphaT / (alphaU * sigmaT)
	return Step{T: t, X: sigmaU / sigmaT * q, X0: alphaU * (1 - q*q), Noise: sigmaU * math.Sqrt(1-q*q)}
}
