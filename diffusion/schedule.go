package diffusion

import (
	"math"

	"github.com/addlab/addlab/internal/named"
)

// Schedule says how much signal and noise x_t holds. Times outside [0,1] are taken as the nearer end.
type Schedule interface {
	Name() string
	// AlphaSigma returns α_t and σ_t, α_t² + σ_t² = 1. α falls strictly with t; σ = 0 exactly at t = 0.
	AlphaSigma(t float64) (alpha, sigma float64)
}

// Schedules returns every schedule of the package.
func Schedules() []Schedule {
	return []Schedule{Cosine{}, StableDiffusion{}, StableDiffusion{ZeroTerminalSNR: true}}
}

// ScheduleByName returns the schedule whose Name is name.
func ScheduleByName(name string) (Schedule, error) {
	return named.Find("diffusion: schedule", name, Schedules(), Schedule.Name)
}

// LogSNR returns λ_t = ln(α_t/σ_t) (DPM-Solver++ §2): +Inf for clean data, −Inf for pure noise.
func LogSNR(s Schedule, t float64) float64 {
	alpha, sigma := s.AlphaSigma(t)
	return math.Log(alpha) - math.Log(sigma)
}

// timeOfLogSNR inverts LogSNR by bisection: λ falls strictly with t.
func timeOfLogSNR(s Schedule, lambda float64) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		mid := (lo + hi) / 2
		if LogSNR(s, mid) > lambda {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}
