package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/train"
)

// Generator draws pictures by one sampling.
type Generator struct {
	pipeline *Pipeline
	schedule diffusion.Schedule
	plan     []diffusion.Step
	compiled *compiled
	batch    int
	start    float64 // size of the noise that sampling begins with
}

// Draw returns one picture per caption, flat [n,S,S,3], not clipped, and the time that sampling takes for so many in full
// batches. Noise belongs to seed and position: the same for every sampling.
func (g *Generator) Draw(ctx context.Context, captions []string, seed int64) ([]float32, time.Duration, error) {
	size := g.pipeline.Model.Size()
	images := make([]float32, 0, len(captions)*size*size*3)
	spent, err := g.Each(ctx, captions, seed, func(drawn []float32) error {
		images = append(images, drawn...)
		return nil
	})
	return images, spent, err
}

// Each is Draw that hands out pictures batch by batch, in order: large ones do not fit memory together.
func (g *Generator) Each(ctx context.Context, captions []string, seed int64, take func(drawn []float32) error) (spent time.Duration, err error) {
	slots := 0 // pictures that were timed, those that fill up the last batch included
	err = g.batches(ctx, captions, func(start int, texts []string, area int) ([]float32, error) {
		began := time.Now()
		drawn, err := g.diffuse(ctx, start, texts, area, seed)
		if err == nil && g.compiled.decode != nil {
			drawn, err = g.decode(drawn)
		}
		if start > 0 || len(captions) <= g.batch { // the first batch also compiles
			spent += time.Since(began)
			slots += g.batch
		}
		return drawn, err
	}, take)
	if slots > 0 {
		spent = time.Duration(float64(spent) * float64(len(captions)) / float64(slots))
	}
	return spent, err
}

// Diffuse is Draw without the autoencoder: flat [n,H,W,Z], with H = W and Z.
func (g *Generator) Diffuse(ctx context.Context, captions []string, seed int64) (flat []float32, side, channels int, err error) {
	side, channels = g.pipeline.sample()
	err = g.batches(ctx, captions, func(start int, texts []string, area int) ([]float32, error) {
		return g.diffuse(ctx, start, texts, area, seed)
	}, func(drawn []float32) error {
		flat = append(flat, drawn...)
		return nil
	})
	return flat, side, channels, err
}

// diffuse runs the plan for a batch whose first picture is start.
func (g *Generator) diffuse(ctx context.Context, start int, texts []string, area int, seed int64) ([]float32, error) {
	return g.sample(ctx, g.plan, texts, func(step int) []float32 {
		noise := make([]float32, 0, g.batch*area)
		for i := range g.batch {
			noise = append(noise, Noise(seed, step, start+i, area)...)
		}
		if step == 0 && g.start != 1 {
			for i := range noise {
				noise[i] *= float32(g.start)
			}
		}
		return noise
	})
}

// Noise is what Draw adds to picture i of so many values in a step of the plan; step 0 is the noise that it begins with.
func Noise(seed int64, step, i, area int) []float32 {
	return rng.Normal(rng.New(seed, fmt.Sprintf("sample/%d", step), i), area)
}

// decode gives the pictures of a batch of latents: flat [batch,H,W,Z] → [batch,S,S,3].
func (g *Generator) decode(latents []float32) ([]float32, error) {
	p := g.pipeline
	if !g.compiled.decodes {
		if err := p.Model.Load(p.Backend, g.compiled.store, "/vae", "vae"); err != nil {
			return nil, err
		}
		g.compiled.decodes = true
	}
	side, channels := p.sample()
	z := train.F32(latents, g.batch, side, side, channels)
	defer engine.Release(z)
	out, err := g.compiled.decode.Call1(z)
	if err != nil {
		return nil, fmt.Errorf("pipeline: decoding: %w", err)
	}
	defer engine.Release(out)
	return tensors.MustCopyFlatData[float32](out), nil
}

// Denoise asks the model once for x̂₀ of what is noised to time t: flat [n,H,W,Z] in and out, pictures where no latents are diffused, with a
// caption each. The plan plays no part.
func (g *Generator) Denoise(ctx context.Context, noised []float32, t float64, captions []string) ([]float32, error) {
	if area := g.Area(); len(noised) != len(captions)*area {
		return nil, fmt.Errorf("pipeline: denoise: %d values for %d captions, want %d for each", len(noised), len(captions), area)
	}
	var clean []float32
	err := g.batches(ctx, captions, func(start int, texts []string, area int) ([]float32, error) {
		x := make([]float32, g.batch*area)
		copy(x, noised[start*area:])
		return g.sample(ctx, []diffusion.Step{{T: t, X0: 1}}, texts, func(int) []float32 { return x })
	}, func(drawn []float32) error {
		clean = append(clean, drawn...)
		return nil
	})
	return clean, err
}

// sample runs a plan for one batch. noise(k) gives the flat [batch,H,W,Z] values of step k, with k = 0 for the start.
func (g *Generator) sample(ctx context.Context, plan []diffusion.Step, texts []string, noise func(step int) []float32) ([]float32, error) {
	side, channels := g.pipeline.sample()
	picture := func(x []float32) *tensors.Tensor { return train.F32(x, g.batch, side, side, channels) }
	none := make([]float32, g.batch*g.Area())
	x, history := picture(noise(0)), make([]*tensors.Tensor, diffusion.History)
	for k := range history {
		history[k] = picture(none)
	}
	tokens := func(captions ...string) *tensors.Tensor {
		ids, length := g.pipeline.Model.Tokens(captions)
		return train.I32(ids, len(captions), length)
	}
	ids, null := tokens(texts...), tokens("")
	defer func() { engine.Release(append(history, x, ids, null)...) }()
	for k, step := range plan {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		z := none
		if step.Noise != 0 {
			z = noise(k + 1)
		}
		times := slices.Repeat([]float64{step.T}, g.batch)
		fresh, level, coef := picture(z), train.F32(diffusion.Levels(g.schedule, times), g.batch, 3), train.F32(step.Coef(), diffusion.Coefs)
		in := []any{x, fresh, level, coef, ids, null}
		for _, y := range history {
			in = append(in, y)
		}
		out, err := g.compiled.exec.Call(in...)
		engine.Release(fresh, level, coef)
		if err != nil {
			return nil, fmt.Errorf("pipeline: sampling step %d of %d: %w", k+1, len(plan), err)
		}
		engine.Release(x, history[diffusion.History-1])
		x, history = out[0], slices.Insert(history[:diffusion.History-1], 0, out[1])
	}
	return tensors.MustCopyFlatData[float32](x), nil
}

// Area is the number of values of what is diffused for a picture.
func (g *Generator) Area() int {
	side, channels := g.pipeline.sample()
	return side * side * channels
}

// batches draws full batches, the last one filled up with empty captions, and hands out one sample per caption.
func (g *Generator) batches(ctx context.Context, captions []string, draw func(start int, texts []string, area int) ([]float32, error), take func(drawn []float32) error) error {
	area := g.Area()
	for start := 0; start < len(captions); start += g.batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		texts := make([]string, g.batch)
		count := copy(texts, captions[start:])
		drawn, err := draw(start, texts, area)
		if err == nil {
			err = take(drawn[:count*len(drawn)/g.batch])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
