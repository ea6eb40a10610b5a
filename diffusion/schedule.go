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

// TimeOfLogSNR inverts LogSNR by bisection: λ falls strictly with t.
func TimeOfLogSNR(s Schedule, lambda float64) float64 {
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

// StableDiffusion is the discrete schedule that Stable Diffusion 1, 2 and XL were trained with: 1000 steps whose √β rises
// linearly from √0.00085 to √0.012 ("scaled linear").
//
// t = k/1000 is the paper's timestep k, that is index k−1 of the published tables; k = 0 is clean data. Between two steps
// ln ᾱ is interpolated linearly: β constant in time within each step.
type StableDiffusion struct {
	// ZeroTerminalSNR rescales √ᾱ so that t = 1 is pure noise and k = 1 is unchanged (zero terminal SNR, algorithm 1).
	ZeroTerminalSNR bool
}

var _ Schedule = StableDiffusion{}

const sdSteps = 1000

// sdLogAlphaBar[k] is ln ᾱ after k steps, ᾱ_k = Π_{i≤k} (1−β_i).
var sdLogAlphaBar = func() (l [sdSteps + 1]float64) {
	first, last := math.Sqrt(0.00085), math.Sqrt(0.012)
	for k := 1; k <= sdSteps; k++ {
		root := first + (last-first)*float64(k-1)/(sdSteps-1)
		l[k] = l[k-1] + math.Log1p(-root*root)
	}
	return l
}()

func (s StableDiffusion) Name() string {
	if s.ZeroTerminalSNR {
		return "stable-diffusion-ztsnr"
	}
	return "stable-diffusion"
}

func (s StableDiffusion) AlphaSigma(t float64) (alpha, sigma float64) {
	k := min(max(t, 0), 1) * sdSteps
	i := min(int(k), sdSteps-1)
	frac := k - float64(i)
	logAlphaBar := (1-frac)*sdLogAlphaBar[i] + frac*sdLogAlphaBar[i+1]
	alpha, sigma = math.Exp(logAlphaBar/2), math.Sqrt(-math.Expm1(logAlphaBar))

	// Below k = 1 the rescaled curve would leave [0,1]; the two curves meet there.
	if s.ZeroTerminalSNR && k > 1 {
		a1, aT := math.Exp(sdLogAlphaBar[1]/2), math.Exp(sdLogAlphaBar[sdSteps]/2)
		alpha = (alpha - aT) * a1 / (a1 - aT)
		sigma = math.Sqrt((1 - alpha) * (1 + alpha))
	}
	return alpha, sigma
}
