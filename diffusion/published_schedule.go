package diffusion

import (
	"fmt"
	"math"
)

// Timesteps is the number of timesteps that the model was trained with.
func (s Scheduler) Timesteps() int { return len(s.alphaBar) }

// Schedule has the noise levels of the scheduler in continuous time: t = k/N is its timestep k−1 of N, and t = 0 clean data. Between two
// timesteps ln ᾱ is interpolated linearly, as StableDiffusion does.
func (s Scheduler) Schedule() Schedule {
	table := tableSchedule{name: fmt.Sprintf("published, %d timesteps", len(s.alphaBar)), logAlphaBar: []float64{0}}
	for _, bar := range s.alphaBar {
		table.logAlphaBar = append(table.logAlphaBar, math.Log(max(bar, 0x1p-24)))
	}
	return table
}

// tableSchedule interpolates ln ᾱ, of which it has N+1 values.
type tableSchedule struct {
	name        string
	logAlphaBar []float64
}

func (s tableSchedule) Name() string { return s.name }

func (s tableSchedule) AlphaSigma(t float64) (alpha, sigma float64) {
	last := len(s.logAlphaBar) - 1
	k := min(max(t, 0), 1) * float64(last)
	i := min(int(k), last-1)
	frac := k - float64(i)
	log := (1-frac)*s.logAlphaBar[i] + frac*s.logAlphaBar[i+1]
	return math.Exp(log / 2), math.Sqrt(-math.Expm1(log))
}
