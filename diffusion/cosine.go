package diffusion

import "math"

// Cosine is α_t = cos(πt/2), σ_t = sin(πt/2) (progressive distillation), with pure noise at t = 1.
type Cosine struct{}

var _ Schedule = Cosine{}

func (Cosine) Name() string { return "cosine" }

func (Cosine) AlphaSigma(t float64) (alpha, sigma float64) {
	// The ends are exact: cos(π/2) is 6e-17 in floating point.
	switch {
	case t <= 0:
		return 1, 0
	case t >= 1:
		return 0, 1
	}
	sigma, alpha = math.Sincos(math.Pi / 2 * t)
	return alpha, sigma
}
