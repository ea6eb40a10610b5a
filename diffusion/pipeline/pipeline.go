// Package pipeline draws pictures for captions with the networks of a bundle or of another Model, or with a student's weights.
//
//	p := pipeline.New(backend, bundle)
//	g, err := p.Generator(pipeline.Teacher(25, 2), 8)
//	flat, spent, err := g.Draw(ctx, captions, seed)
//	pictures := p.Pictures(flat)
package pipeline

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/pretrain"
)

// Sampling is how pictures are drawn from a model.
type Sampling struct {
	Sampler  diffusion.Sampler
	Steps    int
	Guidance float64 // 0 or 1 for none
	Student  string  // path of a student's weights; "" for the teacher
	Net      string  // part or variant that has the student's architecture; "" for the teacher

	UnitNoise bool // begin at noise of size 1 although the model's other students do not
}

// Named is a sampling with the name of its row in tables and grids.
type Named struct {
	Name string
	Sampling
}

// By is the row of another sampler, which its name tells.
func (n Named) By(sampler diffusion.Sampler) Named {
	if sampler.Name() != n.Sampler.Name() {
		n.Name, n.Sampler = n.Name+", "+sampler.Name(), sampler
	}
	return n
}

// Teacher is the sampling of the teacher by DPM-Solver++(2M).
func Teacher(steps int, guidance float64) Sampling {
	return Sampling{Sampler: diffusion.DPMSolverPP2M{}, Steps: steps, Guidance: guidance}
}

// FewSteps is the sampling of a student in k steps on the grid of its training times (the paper's timesteps).
func FewSteps(student string, times []int, k int, form diffusion.Form) Sampling {
	grid := make([]float64, len(times))
	for i, t := range times {
		grid[i] = float64(t) / 1000
	}
	return Sampling{Sampler: diffusion.FewStep{Times: grid, Form: form}, Steps: k, Student: student}
}

// For is the sampling of another network of the model.
func (s Sampling) For(net string) Sampling {
	s.Net = net
	return s
}

// Pipeline holds what was compiled for drawing from the networks of a model.
type Pipeline struct {
	Model   Model
	Backend compute.Backend

	compiled map[compileKey]*compiled
}

// compileKey is what a compiled graph depends on, apart from weights.
type compileKey struct {
	batch    int
	guidance float64
	net      string
}

// compiled is one step of any plan, with its weights. Compiling takes longer than most drawings, so that generators share it.
type compiled struct {
	store  *model.Store
	exec   *model.Exec
	decode *model.Exec // nil in pixels

	decodes bool // the autoencoder is loaded
}

// New compiles nothing yet.
func New(backend compute.Backend, m Model) *Pipeline {
	return &Pipeline{Model: m, Backend: backend, compiled: map[compileKey]*compiled{}}
}

// Close frees the compiled graphs. The pipeline compiles them again where it draws once more.
func (p *Pipeline) Close() {
	for _, c := range p.compiled {
		c.close()
	}
	clear(p.compiled)
}

func (c *compiled) close() {
	c.exec.Finalize()
	if c.decode != nil {
		c.decode.Finalize()
	}
	c.store.Finalize()
}

// Plan is the steps of a sampling; an error says which numbers of steps are possible.
func (p *Pipeline) Plan(s Sampling) ([]diffusion.Step, error) {
	schedule, err := p.Model.Schedule()
	if err != nil {
		return nil, err
	}
	return s.Sampler.Plan(schedule, s.Steps)
}

// Generator loads the network of a sampling. It may change the weights of the generator before: use one at a time.
func (p *Pipeline) Generator(s Sampling, batch int) (*Generator, error) {
	plan, err := p.Plan(s)
	if err != nil {
		return nil, err
	}
	key := compileKey{batch, s.Guidance, cmp.Or(s.Net, "teacher")}
	_, bundled := p.Model.(*pretrain.Bundle) // others load into a new store only, and may come in another precision
	if c := p.compiled[key]; c != nil && (!bundled || engine.BakesWeights(p.Backend)) {
		c.close()
		delete(p.compiled, key)
	}
	c := p.compiled[key]
	if c == nil {
		if c, err = p.compile(key); err != nil {
			return nil, err
		}
		p.compiled[key] = c
	}
	if s.Student == "" {
		err = p.Model.Load(p.Backend, c.store, "/teacher", key.net)
	} else {
		err = p.Model.LoadFile(p.Backend, c.store, "/teacher", key.net, s.Student)
	}
	if err != nil {
		return nil, err
	}
	schedule, err := p.Model.Schedule()
	if err != nil {
		return nil, err
	}
	g := &Generator{pipeline: p, schedule: schedule, plan: plan, compiled: c, batch: batch, start: 1}
	if !s.UnitNoise && !p.Model.UnitNoise(false) {
		_, g.start = schedule.AlphaSigma(plan[0].T)
	}
	return g, nil
}

func (p *Pipeline) compile(key compileKey) (*compiled, error) {
	m, c := p.Model, &compiled{store: model.NewStore()}
	if err := m.Load(p.Backend, c.store, "/text", "text"); err != nil {
		return nil, err
	}
	var err error
	if a, ok := m.(Autoencoded); ok { // its weights are loaded where something is decoded
		if c.decode, err = model.NewExec(p.Backend, c.store, func(root *model.Scope, z *Node) *Node { return a.Decode(root.At("vae"), z) }); err != nil {
			return nil, fmt.Errorf("pipeline: %w", err)
		}
	}
	c.exec, err = model.NewExec(p.Backend, c.store, func(root *model.Scope, args []*Node) (next, kept *Node) {
		xt, z, level, coef, ids, null, history := args[0], args[1], diffusion.LevelFrom(args[2]), args[3], args[4], args[5], args[6:]
		text := func(ids *Node) diffusion.Cond { return m.Text(root.At("text"), ids) }
		denoise, cond, nullCond := denoiser(m, root.At("teacher"), key.net), text(ids), text(null)
		if diffusion.Guided(key.guidance) {
			denoise = diffusion.Guide(denoise, key.guidance, nullCond)
		}
		return diffusion.Update(coef, xt, denoise(xt, level, cond), z, history)
	})
	if err != nil {
		return nil, fmt.Errorf("pipeline: %w", err)
	}
	return c, nil
}

// Pictures cuts flat pictures [n,S,S,3] apart, clipped to [-1,1].
func (p *Pipeline) Pictures(flat []float32) []dataset.Image {
	return dataset.Cut(flat, p.Model.Size())
}
