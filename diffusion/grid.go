package diffusion

import (
	"fmt"
	"math"
)

// Grid names how a sampler spaces its times.
//
// Uniform t is what Stable Diffusion's users run. Uniform λ resolves the last, fine levels better, where Stable Diffusion's
// schedule is steep. It is better on sharp modes with both schedules; on broad modes with the cosine schedule uniform t is.
type Grid string

const (
	GridTime   Grid = "time"   // uniform in t from 1 to 0; the default of all but Euler
	GridLogSNR Grid = "logsnr" // uniform in λ_t between t = 0.999 and 0.001, closed by t = 1 and t = 0
	GridKarras Grid = "karras" // uniform in (σ_t/α_t)^(1/7) between 80 and 0.002 (EDM eq. 5 and Table 1), closed by t = 1 and t = 0
)

// The two grids that are not in t keep within these times: at 0 and 1 λ may be infinite.
const gridFirst, gridLast = 0.999, 0.001

// karrasPower is ρ of EDM eq. 5; karrasMax and karrasMin are its σ_max and σ_min.
const karrasPower, karrasMax, karrasMin = 7, 80, 0.002

// times returns steps+1 falling times from 1 to 0.
func (g Grid) times(s Schedule, steps int) ([]float64, error) {
	if steps < 1 {
		return nil, fmt.Errorf("diffusion: steps = %d, want ≥ 1", steps)
	}
	t := make([]float64, steps+1)
	t[0], t[steps] = 1, 0
	first, last := LogSNR(s, gridFirst), LogSNR(s, gridLast)
	between := func(a, b float64, i int) float64 { return a + (b-a)*float64(i)/float64(steps-1) }
	for i := 1; i < steps; i++ {
		switch g {
		case GridTime, "":
			t[i] = float64(steps-i) / float64(steps)
		case GridLogSNR:
			t[i] = TimeOfLogSNR(s, between(first, last, i))
		case GridKarras:
			root := func(lambda float64) float64 { return math.Exp(-lambda / karrasPower) } // (σ/α)^(1/ρ)
			t[i] = TimeOfLogSNR(s, -karrasPower*math.Log(between(
				root(max(first, -math.Log(karrasMax))), root(min(last, -math.Log(karrasMin))), i)))
		}
	}
	switch g {
	case GridTime, GridLogSNR, GridKarras, "":
		return t, nil
	}
	return nil, fmt.Errorf("diffusion: grid = %q, want one of %q", g, []Grid{GridTime, GridLogSNR, GridKarras})
}
