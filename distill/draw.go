package distill

import (
	"math"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/train"
)

// draw makes the inputs of a step, all randomness drawn from seed and step.
func (d *distiller) draw(b dataset.Batch, step int) []*tensors.Tensor {
	cfg, size := d.cfg, d.bundle.Config.Size
	n := cfg.Batch

	times, seesImage := d.drawTimes(step)
	noise := rng.Normal(rng.New(cfg.Seed, "distill/noise", step), len(b.Images))

	levels, weight := d.drawTeacher(step, times)
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
		train.Scalar(float32(math.Min(cfg.EMA, float64(1+step)/float64(10+step)))), // see Config.EMA
	}
}

// drawTimes are s, stratified over the batch, so that every step trains all of T_student, or times from all over the solver's grid;
// seesImage is 0 where nothing of the picture is left.
func (d *distiller) drawTimes(step int) (times []float64, seesImage []float32) {
	cfg, r := d.cfg, rng.New(d.cfg.Seed, "distill/s", step)
	times, seesImage = make([]float64, cfg.Batch), make([]float32, cfg.Batch)
	if cfg.Consistency != nil {
		times = cfg.Consistency.times(r, cfg.Batch)
	} else {
		offset := r.IntN(len(cfg.Times))
		for i := range times {
			times[i] = float64(cfg.Times[(i+offset)%len(cfg.Times)]) / 1000
		}
	}
	for i, t := range times {
		if t < float64(cfg.Times[0])/1000 {
			seesImage[i] = 1
		}
	}
	return times, seesImage
}

// drawTeacher are the levels of the teacher's steps, [K,B,3], and c(t) of the first.
func (d *distiller) drawTeacher(step int, s []float64) (levels, weight []float32) {
	cfg, n := d.cfg, d.cfg.Batch
	ts, weight := make([]float64, n), make([]float32, n)
	if cfg.Consistency != nil { // the other end of the solver's step
		for i, t := range s {
			ts[i] = max(0, t-1/float64(cfg.Consistency.Grid))
		}
		return diffusion.Levels(d.schedule, ts), weight
	}

	// t: independent of s; the teacher's further steps divide the way down to 0.
	r := rng.New(cfg.Seed, "distill/t", step)
	low, high := float64(cfg.TeacherMin)/1000, float64(cfg.TeacherMax)/1000
	for i := range ts {
		u := (float64(i) + r.Float64()) / float64(n)
		ts[i] = low + u*(high-low)
	}
	r.Shuffle(n, func(i, j int) { ts[i], ts[j] = ts[j], ts[i] })
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
	return levels, weight
}
