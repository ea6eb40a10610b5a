package extractor

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"sync"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/parallel"
)

// runner is an Extractor made of a preprocessing and a graph.
type runner struct {
	name, key string
	prepare   preprocess
	size      int // side of the pictures that the graph takes
	backend   compute.Backend
	store     *model.Store
	images    *batches   // [B,size,size,3] → features, and logits and classes where there are some
	graphs    []*batches // images, and one of captions
}

var _ Extractor = (*runner)(nil)

// opened is what Open returns: no half-open extractor beside an error.
func opened[E Extractor](e E, err error) (Extractor, error) {
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (r *runner) Name() string { return r.name }
func (r *runner) Key() string  { return r.key }
func (r *runner) Batch() int   { return r.images.most }

func (r *runner) Close() {
	for _, g := range r.graphs {
		g.exec.Finalize()
	}
	r.store.Finalize()
}

func (r *runner) Extract(ctx context.Context, pictures []RGB) (Output, error) {
	for i, p := range pictures {
		if p.Width < 1 || p.Height < 1 || len(p.Pix) != p.Width*p.Height*3 {
			return Output{}, fmt.Errorf("extractor: picture %d = %d×%d with %d bytes, want width·height·3", i, p.Width, p.Height, len(p.Pix))
		}
	}
	return r.extract(ctx, len(pictures), func(dst []float32, i int) []float32 { return r.prepare(dst, pictures[i]) })
}

// extract asks the network for n pictures, whose pixels fill appends.
func (r *runner) extract(ctx context.Context, n int, fill func(dst []float32, i int) []float32) (out Output, err error) {
	var classes eval.Features
	per := r.size * r.size * 3
	err = r.images.run(ctx, n, func(from, to, rows int) (*tensors.Tensor, error) {
		x := make([]float32, rows*per)
		parallel.For(to-from, func(i int) { fill(x[i*per:i*per:(i+1)*per], from+i) })
		return tensors.FromFlatDataAndDimensions(x, rows, r.size, r.size, 3), nil
	}, &out.Features, &out.Logits, &classes)
	for _, class := range classes.Data {
		out.Classes = append(out.Classes, int32(class))
	}
	return out, err
}

// captions is the half of a Captioner that reads.
type captions struct {
	*batches // [B,context] ids → embeddings
	context  int
	encode   func(texts []string) ([]int32, error)
}

// Captions implements Captioner.
func (c captions) Captions(ctx context.Context, texts []string) (out eval.Features, err error) {
	err = c.run(ctx, len(texts), func(from, to, rows int) (*tensors.Tensor, error) {
		padded := make([]string, rows) // filled up with empty captions
		copy(padded, texts[from:to])
		ids, err := c.encode(padded)
		if err != nil {
			return nil, err
		}
		return tensors.FromFlatDataAndDimensions(ids, rows, c.context), nil
	}, &out)
	return out, err
}

// batches runs a graph on many rows, so many at a time as have been compiled for.
type batches struct {
	exec *model.Exec
	most int
	full bool // every call has most rows
}

// compile prepares a graph for calls of batch rows at most; all have so many where full is set.
func (r *runner) compile(batch int, full bool, graph func(scope *model.Scope, x *Node) []*Node) (*batches, error) {
	if batch < 1 {
		return nil, fmt.Errorf("extractor: batch = %d, want ≥ 1", batch)
	}
	exec, err := model.NewExec(r.backend, r.store, graph)
	if err != nil {
		return nil, fmt.Errorf("extractor: %w", err)
	}
	b := &batches{exec: exec, most: batch, full: full}
	r.graphs = append(r.graphs, b)
	return b, nil
}

// rows is the number of rows that n are padded to, a power of two: the graph is compiled for few sizes.
func (b *batches) rows(n int) int {
	if b.full {
		return b.most
	}
	return min(1<<bits.Len(uint(n-1)), b.most)
}

// run makes the inputs of the next rows while the engine works on those before, and appends what the graph says of the n rows.
func (b *batches) run(ctx context.Context, n int, input func(from, to, rows int) (*tensors.Tensor, error), outputs ...*eval.Features) error {
	type part struct {
		x    *tensors.Tensor
		rows int
		err  error
	}
	parts, stop := make(chan part), make(chan struct{})
	var makers sync.WaitGroup
	defer makers.Wait()
	defer close(stop)
	var sizes []int
	for from := 0; from < n; from += b.most {
		sizes = append(sizes, b.rows(min(b.most, n-from)))
	}
	makers.Go(func() {
		defer close(parts)
		for i, rows := range sizes {
			from := i * b.most
			to := min(from+b.most, n)
			x, err := input(from, to, rows)
			select {
			case parts <- part{x, to - from, err}:
			case <-stop:
				engine.Release(x)
				return
			}
		}
	})
	for p := range parts {
		if err := cmp.Or(p.err, ctx.Err()); err != nil {
			engine.Release(p.x)
			return err
		}
		if err := b.call(p.x, p.rows, outputs); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (b *batches) call(x *tensors.Tensor, rows int, outputs []*eval.Features) error {
	out, err := b.exec.Call(x)
	defer func() { engine.Release(append(out, x)...) }()
	if err != nil {
		return fmt.Errorf("extractor: %w", err)
	}
	for i, t := range out {
		d := t.Shape().Dim(1)
		flat, err := tensors.CopyFlatData[float32](t)
		if err != nil {
			return fmt.Errorf("extractor: %w", err)
		}
		if err := outputs[i].Append(eval.Features{N: rows, D: d, Data: flat[:rows*d]}); err != nil {
			return fmt.Errorf("extractor: the network gives no numbers (broken weights or picture?): %w", err)
		}
	}
	return nil
}
