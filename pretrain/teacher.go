package pretrain

import (
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// teacherTask trains any backbone as diffusion model (scope /teacher, average in /teacher_ema), conditioned on the contrastive text
// encoder (scope /text). tuneText trains that too (average in /text_ema).
func (c *Trainer) teacherTask(name string, store *model.Store, net network.Backbone, t Training, tuneText bool) (train.Task, error) {
	cfg, size, seed, opt := c.Config, c.Config.Size, c.Config.Seed+4000, adam("teacher")
	opt.WeightDecay = 0
	network.Seed(store, seed)
	schedule, err := diffusion.ScheduleByName(cfg.Schedule)
	if err != nil {
		return train.Task{}, err
	}
	graph := func(root *model.Scope, coefficients *Node, in []*Node) []*Node {
		x0, eps, level, ids, decay, weight := in[0], in[1], diffusion.LevelFrom(in[2]), in[3], in[4], in[5]
		trained := []string{"teacher"}
		if tuneText {
			trained = append(trained, "text")
		}
		cond := diffusion.EncodeText(root.At("text"), cfg.Networks.Text, ids)
		out := net.Apply(root.At("teacher"), diffusion.Diffuse(x0, eps, level), MulScalar(level.T, 1000.0), cond.Tokens, cond.Pooled)
		difference := Sub(out, diffusion.Target(cfg.Prediction, x0, eps, level))
		loss := ReduceAllMean(Mul(weight, ReduceMean(Mul(difference, difference), 1, 2, 3)))
		var variables []*model.Variable
		for _, scope := range trained {
			variables = append(variables, optim.Variables(root.At("%s", scope), x0.Graph())...)
		}
		norm := t.optimizer(opt, append(net.Outer(), "text")...).Update(variables, loss, coefficients)
		for _, scope := range trained {
			optim.EMA(optim.Variables(root.At("%s", scope), x0.Graph()), "/"+scope, "/"+scope+"_ema", decay)
		}
		return []*Node{loss, norm}
	}
	null, negative := c.Words.Encode(""), c.Words.Encode(cfg.NegativeCaption)
	area := size * size * 3
	return c.task(name, store, t, []string{"loss", "grad"}, dataset.NewLoader(c.Data.Train(), t.Batch, seed, "pretrain/teacher"), graph,
		func(step int, b dataset.Batch) []*tensors.Tensor {
			r := rng.New(seed, "pretrain/teacher", step)
			ids := c.Words.EncodeAll(b.Captions)
			times, weight := make([]float64, t.Batch), make([]float32, t.Batch)
			for i := range times {
				times[i] = drawTime(r, i, t.Batch, cfg.LogitNormalShare)
				weight[i] = lossWeight(schedule, cfg.Prediction, times[i], cfg.MinSNR)
				switch u := r.Float64(); {
				case u < cfg.CaptionDrop:
					copy(ids[i*len(null):], null)
				case u < cfg.CaptionDrop+cfg.NegativeShare:
					copy(ids[i*len(null):], negative)
					blur(b.Images[i*area:(i+1)*area], size)
				}
			}
			return []*tensors.Tensor{
				c.pixels(b.Images), c.pixels(rng.Normal(r, len(b.Images))), train.F32(diffusion.Levels(schedule, times), t.Batch, 3),
				train.I32(ids, t.Batch, c.Words.Context), tensors.FromScalar(float32(optim.WarmDecay(cfg.EMA, step))), train.F32(weight, t.Batch),
			}
		})
}

// teacherText is the scope of the text encoder after the teacher's training.
func (c Config) teacherText() string {
	if c.TuneText {
		return "/text_ema"
	}
	return "/text"
}

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
