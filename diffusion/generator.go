package diffusion

import (
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
)

// Model tells a Generator how to denoise: build is called inside the graph with ids [B,L] of the captions and [1,L] of the
// null caption, and returns the denoiser with both conditions.
type Model func(root *model.Scope, ids, null *Node) (denoise Denoiser, cond, nullCond Cond)

// Generator draws batches of pictures on an engine by the plan of any sampler.
//
// Some engines compile the weights into the graph: make a new Generator when they change.
type Generator struct {
	Schedule Schedule
	Size     int // pixels per side
	Batch    int
	Guidance float64 // 0 or 1: one conditional pass; else classifier-free guidance with a doubled batch
	Null     []int32 // token ids of the null caption, [L]

	exec *model.Exec
}

// Guided reports whether guidance needs a second pass of the network. 0 means none, and 1 equals the conditional prediction.
func Guided(guidance float64) bool { return guidance != 0 && guidance != 1 }

// NewGenerator compiles nothing yet; the graph is built by the first call of Sample.
func NewGenerator(backend compute.Backend, store *model.Store, build Model, g Generator) (*Generator, error) {
	guided := Guided(g.Guidance)
	step := func(root *model.Scope, args []*Node) (x, x0 *Node) {
		xt, prev, z, level, coef, ids, null := args[0], args[1], args[2], LevelFrom(args[3]), args[4], args[5], args[6]
		denoise, cond, nullCond := build(root, ids, null)
		if guided {
			denoise = Guide(denoise, g.Guidance, nullCond)
		}
		x0 = denoise(xt, level, cond)
		return Update(coef, xt, x0, prev, z), x0
	}
	exec, err := model.NewExec(backend, store, step)
	if err != nil {
		return nil, fmt.Errorf("diffusion: %w", err)
	}
	g.exec = exec
	return &g, nil
}

// Sample runs a plan for one batch. ids is [Batch,L] flat; noise(k) gives the flat [Batch,Size,Size,3] normal values of step k,
// with k = 0 for the start; returns the flat pictures in [-1,1], not clipped.
func (g *Generator) Sample(plan []Step, ids []int32, noise func(step int) []float32) ([]float32, error) {
	shape := []int{g.Batch, g.Size, g.Size, 3}
	picture := func(x []float32) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(x, shape...) }
	x := picture(noise(0))
	prev := picture(make([]float32, g.Batch*g.Size*g.Size*3))
	words := tensors.FromFlatDataAndDimensions(ids, g.Batch, len(ids)/g.Batch)
	null := tensors.FromFlatDataAndDimensions(g.Null, 1, len(g.Null))
	defer func() { engine.Release(x, prev, words, null) }()

	for k, step := range plan {
		z := picture(make([]float32, g.Batch*g.Size*g.Size*3))
		if step.Noise != 0 {
			engine.Release(z)
			z = picture(noise(k + 1))
		}
		times := make([]float64, g.Batch)
		for i := range times {
			times[i] = step.T
		}
		level := tensors.FromFlatDataAndDimensions(Levels(g.Schedule, times), g.Batch, 3)
		coef := tensors.FromFlatDataAndDimensions(step.Coef(), 4)
		out, err := g.exec.Call(x, prev, z, level, coef, words, null)
		engine.Release(x, prev, z, level, coef)
		if err != nil {
			return nil, fmt.Errorf("diffusion: sampling step %d of %d: %w", k+1, len(plan), err)
		}
		x, prev = out[0], out[1]
	}
	return tensors.MustCopyFlatData[float32](x), nil
}

// Close frees the compiled graph.
func (g *Generator) Close() { g.exec.Finalize() }
