package latent

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/train"
)

// Request says what is to be drawn.
type Request struct {
	Prompts  []string
	Negative string // what guidance leads away from
	Sampler  string // one of diffusion.SchedulerClasses; "" for the model's own
	Steps    int
	Guidance float64 // 0 or 1 for none
	Size     int     // side of the pictures in pixels
	Seed     int64

	// Progress is called after every call of the network, of which there are so many for a picture. Pictures and calls count from 1 on. It may be nil.
	Progress func(picture, call, calls int)

	// Noise gives n standard normal values of picture i before step k, 0 for the start. The default draws them from the seed.
	Noise func(k, i, n int) []float32
}

// Validate returns an error that names a field that cannot work for the model.
func (m *Model) Validate(r Request) error {
	s, err := m.Scheduler(r.Sampler)
	if err == nil {
		_, _, err = s.Plan(r.Steps)
	}
	if err != nil {
		return err
	}
	if err := m.checkSize(r.Size, engine.HostMemory()); err != nil {
		return err
	}
	if !(r.Guidance >= 0) || math.IsInf(r.Guidance, 1) || m.ReadsGuidance() && r.Guidance < 1 {
		return fmt.Errorf("latent: guidance = %g, want ≥ 0, and ≥ 1 where the network reads it", r.Guidance)
	}
	return nil
}

// Draw draws a picture for every prompt, one after the other: flat [n,S,S,3], about in [-1,1], not clipped.
func (p *Pipeline) Draw(ctx context.Context, r Request) ([]float32, error) {
	if err := p.Validate(r); err != nil {
		return nil, err
	}
	scheduler, err := p.Scheduler(r.Sampler)
	if err != nil {
		return nil, err
	}
	start, plan, err := scheduler.Plan(r.Steps)
	if err != nil {
		return nil, err
	}
	if r.Noise == nil {
		r.Noise = func(k, i, n int) []float32 { return rng.Normal(rng.New(r.Seed, fmt.Sprintf("sample/%d", k), i), n) }
	}
	var null condition
	key := stepKey{prediction: scheduler.Prediction}
	if diffusion.Guided(r.Guidance) && !p.ReadsGuidance() {
		key.guidance = r.Guidance
		if null, err = p.condition(r, r.Negative, r.Negative == "" && p.zeroNegative); err != nil {
			return nil, err
		}
	}
	defer func() { null.release() }()
	var all []float32
	p.Spent = nil
	for i, prompt := range r.Prompts {
		began := time.Now()
		cond, err := p.condition(r, prompt, false)
		if err != nil {
			return nil, err
		}
		z, err := p.sample(ctx, r, key, start, plan, i, slices.Concat(cond, null))
		cond.release()
		if err != nil {
			return nil, err
		}
		out, err := p.decode.Call1(z)
		engine.Release(z)
		if err != nil {
			return nil, fmt.Errorf("latent: decoding: %w", err)
		}
		all = append(all, tensors.MustCopyFlatData[float32](out)...)
		engine.Release(out)
		p.Spent = append(p.Spent, time.Since(began))
	}
	return all, nil
}

// sample runs the plan for picture i and returns its latents [1,H,W,Z], as the network scales them.
func (p *Pipeline) sample(ctx context.Context, r Request, key stepKey, start float64, plan []diffusion.Call, i int, conds condition) (*tensors.Tensor, error) {
	exec, err := p.step(key)
	if err != nil {
		return nil, err
	}
	side, channels := r.Size/p.VAE.Factor(), p.VAE.LatentChannels
	latents := func(x []float32) *tensors.Tensor { return train.F32(x, 1, side, side, channels) }
	noise := slices.Clone(r.Noise(0, i, side*side*channels))
	for k := range noise {
		noise[k] *= float32(start)
	}
	none := make([]float32, len(noise))
	x, history := latents(noise), make([]*tensors.Tensor, diffusion.History)
	for k := range history {
		history[k] = latents(none)
	}
	defer func() { engine.Release(history...) }()
	for k, call := range plan {
		if err := ctx.Err(); err != nil {
			engine.Release(x)
			return nil, err
		}
		z := none
		if call.Noise != 0 {
			z = r.Noise(k+1, i, len(none))
		}
		fresh, level, coef := latents(z), train.F32([]float32{float32(call.T), float32(call.Alpha), float32(call.Sigma)}, 1, 3), train.F32(call.Coef(), diffusion.Coefs)
		in := []any{x, fresh, level, coef}
		for _, t := range slices.Concat(history, conds) {
			in = append(in, t)
		}
		out, err := exec.Call(in...)
		engine.Release(fresh, level, coef, x)
		if err != nil {
			return nil, fmt.Errorf("latent: step %d of %d: %w", k+1, len(plan), err)
		}
		engine.Release(history[diffusion.History-1])
		x, history = out[0], slices.Insert(history[:diffusion.History-1], 0, out[1])
		if r.Progress != nil {
			r.Progress(i+1, k+1, len(plan))
		}
	}
	return x, nil
}

// condition is what the U-Net is told: tokens [1,L,E] and, where it reads them, the pooled state, the sizes and guidance [1,PooledWidth].
type condition []*tensors.Tensor

func (c condition) release() { engine.Release(c...) }

// condition reads a caption. zero puts zeros in place of its states.
func (p *Pipeline) condition(r Request, caption string, zero bool) (condition, error) {
	var ids []any
	for _, t := range p.Texts {
		ids = append(ids, train.I32(t.Words.Encode(caption), 1, t.Words.Context))
	}
	out, err := p.text.Call(ids...)
	for _, t := range ids {
		engine.Release(t.(*tensors.Tensor))
	}
	if err != nil {
		return nil, fmt.Errorf("latent: reading %q: %w", caption, err)
	}
	states := make([][]float32, 2) // tokens, pooled
	for i, t := range out {
		states[i] = tensors.MustCopyFlatData[float32](t)
		engine.Release(t)
		if zero {
			clear(states[i])
		}
	}
	if p.XL { // original size, corner of the crop, wanted size
		side := float32(r.Size)
		states[1] = append(states[1], side, side, 0, 0, side, side)
	}
	if p.ReadsGuidance() {
		states[1] = append(states[1], float32(r.Guidance-1))
	}
	c := condition{train.F32(states[0], 1, p.Texts[0].Words.Context, p.UNet.CrossAttentionDim)}
	if len(states[1]) > 0 {
		c = append(c, train.F32(states[1], 1, len(states[1])))
	}
	return c, nil
}
