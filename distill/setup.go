package distill

import (
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
)

// setup is what every method works with. It draws inputs on the host: all randomness comes from the seed and the batch's number.
type setup struct {
	cfg      Config
	bundle   *pretrain.Bundle
	schedule diffusion.Schedule
}

func newSetup(cfg Config, b *pretrain.Bundle) (setup, error) {
	schedule, err := diffusion.ScheduleByName(b.Config.Schedule)
	return setup{cfg: cfg, bundle: b, schedule: schedule}, err
}

// networks are the networks within a graph.
func (s setup) networks(root *model.Scope) networks {
	return networks{root: root, bundle: s.bundle, cfg: s.cfg}
}

// random is a source of random numbers for one purpose and batch.
func (s setup) random(purpose string, number int) *rand.Rand {
	return rng.New(s.cfg.Seed, "distill/"+purpose, number)
}

// pictures are values of a batch of pictures, [B,S,S,3].
func (s setup) pictures(x []float32) *tensors.Tensor {
	size := s.bundle.Config.Size
	return train.F32(x, len(x)/(size*size*3), size, size, 3)
}

// noise is N(0,1) of a batch's shape.
func (s setup) noise(purpose string, b dataset.Batch, number int) *tensors.Tensor {
	return s.pictures(rng.Normal(s.random(purpose, number), len(b.Images)))
}

// tokens are captions as the text encoder reads them, [B,L].
func (s setup) tokens(captions ...string) *tensors.Tensor {
	words := s.bundle.Words
	return train.I32(words.EncodeAll(captions), len(captions), words.Context)
}

// levels are t, α_t and σ_t of times in [0,1], [B,3].
func (s setup) levels(times []float64) *tensors.Tensor {
	return train.F32(diffusion.Levels(s.schedule, times), len(times), 3)
}

// view is how the feature network sees a batch: augmentation and crop.
func (s setup) view(purpose string, number int) *tensors.Tensor {
	params := discriminator.DrawView(s.random(purpose, number), s.cfg.Discriminator, s.cfg.Batch, s.bundle.Config.Size, s.bundle.Config.Networks.Features.ImageSize)
	return train.F32(params, s.cfg.Batch, discriminator.ViewParams)
}

// stratified are n random numbers, one in each n-th part of [0,1), in random order.
func stratified(r *rand.Rand, n int) []float64 {
	u := make([]float64, n)
	for i := range u {
		u[i] = (float64(i) + r.Float64()) / float64(n)
	}
	r.Shuffle(n, func(i, j int) { u[i], u[j] = u[j], u[i] })
	return u
}
