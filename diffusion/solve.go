package diffusion

import "math"

// Solve runs a sampler that adds no noise from points x at t = 1 down to data, with the mixture's exact denoiser: it solves the
// probability-flow ODE, and more steps come nearer to its end points.
func (m Mixture) Solve(s Schedule, sampler Sampler, steps int, x []float64) ([]float64, error) {
	plan, err := sampler.Plan(s, steps)
	if err != nil {
		return nil, err
	}
	return Apply(plan, x, func(x []float64, t float64) []float64 {
		alpha, sigma := s.AlphaSigma(t)
		return m.Denoise(x, alpha, sigma)
	}, nil), nil
}

// SolverErrors gives, for each number of steps, the root mean square distance of a sampler's end points from those of many
// steps of the second-order solver.
func (m Mixture) SolverErrors(s Schedule, sampler Sampler, steps []int, x []float64) ([]float64, error) {
	const many = 2000
	exact, err := m.Solve(s, DPMSolverPP2M{Grid: GridLogSNR}, many, x)
	if err != nil {
		return nil, err
	}
	errors := make([]float64, len(steps))
	for i, n := range steps {
		end, err := m.Solve(s, sampler, n, x)
		if err != nil {
			return nil, err
		}
		var sum float64
		for j := range end {
			sum += (end[j] - exact[j]) * (end[j] - exact[j])
		}
		errors[i] = math.Sqrt(sum / float64(len(end)/2))
	}
	return errors, nil
}
