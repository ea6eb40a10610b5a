package diffusion

import "math"

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
