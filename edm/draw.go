package edm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/train"
)

// B batch, S side of the pictures, L labels.

// Pipeline is a model with its weights. The compiled graph is kept.
type Pipeline struct {
	*Model
	Spent time.Duration // on a picture of the last call of Draw, without compilation

	store *model.Store
	step  *model.Exec
	limit int // pictures of a pass of the network
	batch int // that step has been compiled for
}

// Load reads the weights onto the backend's device.
func (m *Model) Load(backend compute.Backend) (*Pipeline, error) {
	store, err := m.load(backend)
	if err != nil {
		return nil, fmt.Errorf("edm: %s: %w", m.File, err)
	}
	// x and noise [B,S,S,3], the level [B,3], Step.Coef, what earlier steps kept and, where there are classes, labels [B,L]; returns the next
	// x and what is kept.
	step, err := model.NewExec(backend, store, func(root *model.Scope, in []*Node) []*Node {
		history, cond := in[4:4+diffusion.History], diffusion.Cond{}
		if m.Network.LabelDim > 0 {
			cond.Pooled = in[4+diffusion.History]
		}
		x0 := diffusion.EDMDenoiser(root, m.Network)(in[0], diffusion.LevelFrom(in[2]), cond)
		next, kept := diffusion.Update(in[3], in[0], x0, in[1], history)
		return []*Node{next, kept}
	})
	if err != nil {
		store.Finalize()
		return nil, fmt.Errorf("edm: %w", err)
	}
	return &Pipeline{Model: m, store: store, step: step, limit: max(1, batchArea/(m.Network.Resolution*m.Network.Resolution))}, nil
}

// Close frees weights and graphs.
func (p *Pipeline) Close() {
	p.step.Finalize()
	p.store.Finalize()
}

// Request says what is to be drawn.
type Request struct {
	Classes []int  // of every picture; NoClass where the network knows none
	Sampler string // one of diffusion.Solvers; "" for Heun's, which is EDM's, and for a student's own steps
	Steps   int    // along EDM's levels, or a student's; Heun's asks the network twice in each but the last
	Seed    int64

	Progress func(picture, call, calls int) // called after every call of the network, for the batch that begins with the picture; all count from 1; may be nil

	// Noise gives n standard normal values of picture i before call k, 0 for the start. The default draws them from the seed.
	Noise func(k, i, n int) []float32
}

// Plan lists the calls of the network for a request, and the factor of the noise that they begin with.
func (m *Model) Plan(r Request) (start float64, plan []diffusion.Call, err error) {
	for _, class := range r.Classes {
		if class < NoClass || class >= m.Network.LabelDim || class == NoClass && m.Network.LabelDim > 0 {
			return 0, nil, fmt.Errorf("edm: class = %d, want 0 to %d, or %d where the network knows none", class, m.Network.LabelDim-1, NoClass)
		}
	}
	switch {
	case r.Sampler == "" && m.Student != nil:
		return m.fewSteps(r.Steps)
	case r.Sampler == "":
		r.Sampler = diffusion.Heun{}.Name()
	}
	return m.Levels.Plan(r.Sampler, r.Steps)
}

// batchArea bounds the pixels of a pass of the network: 16 pictures of 32×32 pixels.
const batchArea = 16 * 32 * 32

// Draw draws a picture for every class: flat [n,S,S,3], about in [-1,1], not clipped. A picture belongs to seed and position, whatever else
// is drawn.
func (p *Pipeline) Draw(ctx context.Context, r Request) ([]float32, error) {
	start, plan, err := p.Plan(r)
	if err != nil {
		return nil, err
	}
	if r.Noise == nil {
		r.Noise = func(k, i, n int) []float32 { return rng.Normal(rng.New(r.Seed, fmt.Sprintf("sample/%d", k), i), n) }
	}
	if r.Progress == nil {
		r.Progress = func(int, int, int) {}
	}
	batch := min(len(r.Classes), p.limit)
	if batch > 0 && batch != p.batch { // compile now, which Spent does not count
		quiet := r
		quiet.Progress = func(int, int, int) {}
		if _, err := p.sample(ctx, quiet, start, plan[:1], 0, batch); err != nil {
			return nil, err
		}
		p.batch = batch
	}
	began := time.Now()
	var all []float32
	for i := 0; i < len(r.Classes); i += batch {
		x, err := p.sample(ctx, r, start, plan, i, batch)
		if err != nil {
			return nil, err
		}
		all = append(all, x[:len(x)/batch*min(batch, len(r.Classes)-i)]...)
	}
	p.Spent = time.Since(began) / time.Duration(max(1, len(r.Classes)))
	return all, nil
}

// sample draws pictures from the i-th on, a batch; behind the last one it repeats that.
func (p *Pipeline) sample(ctx context.Context, r Request, start float64, plan []diffusion.Call, i, batch int) ([]float32, error) {
	side, classes := p.Network.Resolution, max(1, p.Network.LabelDim)
	area := side * side * p.Network.Channels
	pictures := func(x []float32) *tensors.Tensor { return train.F32(x, batch, side, side, p.Network.Channels) }
	noise := func(k int) (x []float32) {
		for b := range batch {
			x = append(x, r.Noise(k, min(i+b, len(r.Classes)-1), area)...)
		}
		return x
	}
	hot := make([]float32, batch*classes)
	for b := range batch {
		if class := r.Classes[min(i+b, len(r.Classes)-1)]; class != NoClass {
			hot[b*classes+class] = 1
		}
	}
	begin, none := noise(0), make([]float32, batch*area)
	for k := range begin {
		begin[k] *= float32(start)
	}
	x, labels, history := pictures(begin), train.F32(hot, batch, classes), make([]*tensors.Tensor, diffusion.History)
	for k := range history {
		history[k] = pictures(none)
	}
	defer func() { engine.Release(append(history, x, labels)...) }()
	for k, call := range plan {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		z := none
		if call.Noise != 0 {
			z = noise(k + 1)
		}
		level := slices.Repeat([]float32{float32(call.T), float32(call.Alpha), float32(call.Sigma)}, batch)
		fresh, levels, coef := pictures(z), train.F32(level, batch, 3), train.F32(call.Coef(), diffusion.Coefs)
		in := []any{x, fresh, levels, coef}
		for _, y := range history {
			in = append(in, y)
		}
		if p.Network.LabelDim > 0 {
			in = append(in, labels)
		}
		out, err := p.step.Call(in...)
		engine.Release(fresh, levels, coef)
		if err != nil {
			return nil, fmt.Errorf("edm: call %d of %d: %w", k+1, len(plan), err)
		}
		engine.Release(x, history[diffusion.History-1])
		x, history = out[0], slices.Insert(history[:diffusion.History-1], 0, out[1])
		r.Progress(i+1, k+1, len(plan))
	}
	return tensors.MustCopyFlatData[float32](x), nil
}
