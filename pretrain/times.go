package pretrain

import (
	"math"
	"math/rand/v2"

	"github.com/addlab/addlab/diffusion"
)

// Logit-normal times gather where the structure of a picture is decided (Esser et al. 2403.03206 §3.1). In small pictures of large
// even areas that is near the noise: the mean over an area of n pixels shows at 1/n of the signal-to-noise ratio of one pixel.
const (
	logitMean = 1.2
	logitStd  = 1.0
)

// drawTime draws t of picture i of a batch: logit-normal for a share of the pictures, else uniform, stratified over the batch.
func drawTime(r *rand.Rand, i, batch int, logitNormalShare float64) float64 {
	uniform := (float64(i) + r.Float64()) / float64(batch)
	normal := r.NormFloat64()
	if r.Float64() >= logitNormalShare {
		return uniform
	}
	return 1 / (1 + math.Exp(-(logitMean + logitStd*normal)))
}

// minSNR is the weight of the v-loss at t, min(1, γ/(SNR+1)), 1 everywhere for γ = 0.
func minSNR(s diffusion.Schedule, t, gamma float64) float32 {
	alpha, sigma := s.AlphaSigma(t)
	if gamma == 0 || alpha == 0 {
		return 1
	}
	snr := alpha * alpha / math.Max(sigma*sigma, 1e-12)
	return float32(math.Min(1, gamma/(snr+1)))
}
