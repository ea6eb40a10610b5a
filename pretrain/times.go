package pretrain

import (
	"math"
	"math/rand/v2"

	"github.com/addlab/addlab/diffusion"
)

// Logit-normal times concentrate where the structure of a picture is decided (Esser et al. 2403.03206 §3.1). In small pictures with
// large flat areas that is near the noise: the mean of n pixels is visible at 1/n of the signal-to-noise ratio of one pixel.
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

// lossWeight is the weight of the squared error of a prediction at t. For v and x₀ it is the v-loss, SNR + 1 per squared error of x̂₀,
// bounded by γ where little noise is left; for ε it is min(1, γ/SNR) (min-SNR, Hang et al. 2303.09556 §3.4). γ = 0 bounds nothing.
func lossWeight(s diffusion.Schedule, p diffusion.Prediction, t, gamma float64) float32 {
	alpha, sigma := s.AlphaSigma(t)
	variance := math.Max(sigma*sigma, 1e-6) // 1/(SNR + 1), since α² + σ² = 1
	bound := gamma
	if gamma == 0 {
		bound = math.Inf(1)
	}
	switch p {
	case diffusion.PredictEps:
		return float32(math.Min(1, bound*variance/math.Max(alpha*alpha, 1e-12)))
	case diffusion.PredictX0:
		return float32(math.Min(1/variance, bound))
	}
	return float32(math.Min(1, bound*variance)) // v̂ − v = −(x̂₀ − x₀)/σ
}
