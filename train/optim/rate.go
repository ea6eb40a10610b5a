package optim

import "math"

// Rate is a learning-rate schedule: linear warm-up, then constant, then half a cosine down to Final·Peak over the last part.
type Rate struct {
	Peak   float64 `json:"peak"`
	Warmup int     `json:"warmup"` // steps
	Decay  float64 `json:"decay"`  // share of all steps over which the rate falls; 0 for constant
	Final  float64 `json:"final"`  // share of the peak at the last step
}

// At is the rate of a step, counted from 1, in a training of so many steps.
func (r Rate) At(step, steps int) float64 {
	rate := r.Peak
	if step < r.Warmup {
		rate *= float64(step) / float64(r.Warmup)
	}
	start := float64(steps) * (1 - r.Decay)
	if past := float64(step) - start; r.Decay > 0 && past > 0 {
		progress := past / (float64(steps) - start)
		rate *= r.Final + (1-r.Final)*(1+math.Cos(math.Pi*progress))/2
	}
	return rate
}
