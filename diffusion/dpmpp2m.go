package diffusion

import "math"

// DPMSolverPP2M is DPM-Solver++(2M): second-order multistep in x̂₀ (DPM-Solver++ algorithm 2).
//
// Steps without a usable slope are of first order: the first, the one after pure noise (λ = −∞ has no distance), the one
// into clean data (λ = +∞).
type DPMSolverPP2M struct {
	Grid Grid // default GridTime
}

var _ Sampler = DPMSolverPP2M{}

func (DPMSolverPP2M) Name() string { return "dpmpp2m" }

func (d DPMSolverPP2M) Plan(s Schedule, steps int) ([]Step, error) {
	times, err := d.Grid.times(s, steps)
	if err != nil {
		return nil, err
	}
	return multistep(s, times, false), nil
}

// multistep plans DPM-Solver++(2M) on falling times, the last one being the end. lowerLast makes the last step one of first order.
func multistep(s Schedule, times []float64, lowerLast bool) []Step {
	plan := make([]Step, len(times)-1)
	for i := range plan {
		plan[i] = firstOrder(s, times[i], times[i+1])
		if i == 0 || lowerLast && i == len(plan)-1 {
			continue
		}
		// x̂₀ is extrapolated to the middle of the step: x̂₀ + (x̂₀ − x̂₀_prev)/(2r), r = h_prev/h.
		hPrev := LogSNR(s, times[i]) - LogSNR(s, times[i-1])
		h := LogSNR(s, times[i+1]) - LogSNR(s, times[i])
		if math.IsInf(h, 0) || math.IsInf(hPrev, 0) {
			continue
		}
		slope := plan[i].X0 * h / (2 * hPrev)
		plan[i].X0 += slope
		plan[i].Prev[0] = -slope
	}
	return plan
}
