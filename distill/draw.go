package distill

import (
	"math"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/discriminator"
	"github.com/addlab/addlab/rng"
	"github.com/addlab/addlab/train"
)

// draw makes the inputs of a step, all randomness drawn from seed and step.
func (d *distiller) draw(b dataset.Batch, step int) []*tensors.Tensor {
	cfg, size := d.cfg, d.bundle.Config.Size
	n := cfg.Batch

	// s: stratified over the batch, so that every step trains all of T_student.
	r := rng.New(cfg.Seed, "distill/s", step)
	times, seesImage := make([]float64, n), make([]float32, n)
	offset := r.IntN(len(cfg.Times))
	for i := range times {
		k := (i + offset) % len(cfg.Times)
		times[i] = float64(cfg.Times[k]) / 1000
		if k > 0 {
			seesImage[i] = 1
		}
	}
	noise := rng.Normal(rng.New(cfg.Seed, "distill/noise", step), len(b.Images))

	// t: independent of s; the teacher's further steps divide the way down to 0.
	r = rng.New(cfg.Seed, "distill/t", step)
	ts, weight := make([]float64, n), make([]float32, n)
	for i := range ts {
		u := (float64(i) + r.Float64()) / float64(n)
		ts[i] = cfg.TeacherMin + u*(cfg.TeacherMax-cfg.TeacherMin)
	}
	r.Shuffle(n, func(i, j int) { ts[i], ts[j] = ts[j], ts[i] })
	var levels []float32
	for k := range cfg.TeacherSteps {
		part := make([]float64, n)
		for i, t := range ts {
			part[i] = t * float64(cfg.TeacherSteps-k) / float64(cfg.TeacherSteps)
		}
		levels = append(levels, diffusion.Levels(d.schedule, part)...)
	}
	for i, t := range ts {
		weight[i] = float32(d.weighting.C(d.schedule.AlphaSigma(t)))
	}
	teacherNoise := rng.Normal(rng.New(cfg.Seed, "distill/teacher-noise", step), len(b.Images))

	view := func(purpose string) *tensors.Tensor {
		params := discriminator.DrawView(rng.New(cfg.Seed, purpose, step), cfg.Discriminator, n, size, d.bundle.Config.Networks.Features.ImageSize)
		return train.F32(params, n, len(params)/n)
	}
	words := d.bundle.Words
	picture := func(x []float32) *tensors.Tensor { return train.F32(x, n, size, size, 3) }
	return []*tensors.Tensor{
		picture(b.Images), picture(noise), train.F32(diffusion.Levels(d.schedule, times), n, 3),
		train.I32(words.EncodeAll(b.Captions), n, words.Context), train.I32(words.Encode(""), 1, words.Context),
		train.I32(words.Encode(d.bundle.Config.NegativeCaption), 1, words.Context),
		train.F32(seesImage, n), view("distill/real-view"), view("distill/fake-view"),
		picture(teacherNoise), train.F32(levels, cfg.TeacherSteps, n, 3), train.F32(weight, n),
		train.F32(studentAdamW(cfg).Coefficients(cfg.StudentRate.At(step, cfg.Steps), step), 3),
		train.F32(discriminatorOptimiser().Coefficients(cfg.DiscriminatorRate.At(step, cfg.Steps), step), 3),
		train.Scalar(float32(math.Min(cfg.EMA, float64(1+step)/float64(10+step)))),
	}
}
