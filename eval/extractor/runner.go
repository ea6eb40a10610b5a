package extractor

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/parallel"
)

// codeVersion is part of every key; it changes when the same weights and pictures would give other features.
const codeVersion = "1"

// runner is an Extractor made of a preprocessing and a graph.
type runner struct {
	kind, mode string
	from       checkpoint
	backend    compute.Backend
	store      *model.Store
	prepare    preprocess
	size, dim  int // side of the pictures that the graph takes; width of the features
	batch      int
	images     *batches
}

var _ Extractor = (*runner)(nil)

// open compiles nothing yet: graph is [B,size,size,3] → features, and logits where there are some.
func (r *runner) open(o Options, defaultBatch int, graph func(scope *model.Scope, x *Node) []*Node) (err error) {
	if r.batch = o.Batch; r.batch == 0 {
		r.batch = defaultBatch
	}
	if r.batch < 1 {
		return fmt.Errorf("extractor: batch = %d, want ≥ 1", o.Batch)
	}
	r.images, err = newBatches(r.backend, r.store, r.batch, graph)
	return err
}

// opened is what Open returns: no half-open extractor beside an error.
func opened[E Extractor](e E, err error) (Extractor, error) {
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (r *runner) Name() string {
	name := r.kind
	if r.mode != "" {
		name += " (" + r.mode + ")"
	}
	about := ""
	if known := knownWeights[r.from.sum]; known != "" {
		about = ", " + known
	}
	return fmt.Sprintf("%s, weights %s, SHA-256 %s%s", name, filepath.Base(r.from.path), r.from.sum, about)
}

// knownWeights are the files whose SHA-256 is beyond doubt: it has been published by several who have them.
var knownWeights = map[string]string{
	"6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2": "the published pt_inception-2015-12-05",
}

func (r *runner) Key() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{codeVersion, r.kind, r.mode, r.from.sum}, "\x00")))
	return hex.EncodeToString(sum[:])
}

func (r *runner) Dim() int { return r.dim }

func (r *runner) Batch() int { return r.batch }

func (r *runner) Close() {
	r.images.exec.Finalize()
	r.store.Finalize()
}

func (r *runner) Extract(ctx context.Context, pictures []RGB) (Output, error) {
	for i, p := range pictures {
		if p.Width < 1 || p.Height < 1 || len(p.Pix) != p.Width*p.Height*3 {
			return Output{}, fmt.Errorf("extractor: picture %d = %d×%d with %d bytes, want width·height·3", i, p.Width, p.Height, len(p.Pix))
		}
	}
	var out Output
	per := r.size * r.size * 3
	err := r.images.run(ctx, len(pictures), func(from, to, rows int) (*tensors.Tensor, error) {
		x := make([]float32, rows*per)
		parallel.For(to-from, func(i int) { r.prepare(x[i*per:i*per:(i+1)*per], pictures[from+i]) })
		return tensors.FromFlatDataAndDimensions(x, rows, r.size, r.size, 3), nil
	}, &out.Features, &out.Logits)
	return out, err
}

// batches runs a graph on many rows, so many at a time as have been compiled for.
type batches struct {
	exec *model.Exec
	most int
	full bool  // every call has most rows
	used []int // numbers of rows that the graph is compiled for
}

func newBatches(backend compute.Backend, store *model.Store, most int, graph func(scope *model.Scope, x *Node) []*Node) (*batches, error) {
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, x *Node) []*Node { return graph(scope, x) })
	if err != nil {
		return nil, fmt.Errorf("extractor: %w", err)
	}
	return &batches{exec: exec, most: most}, nil
}

// rows is the number of rows that n are padded to: one that is compiled for already, if not much too large, else a power of two.
func (b *batches) rows(n int) int {
	if b.full {
		return b.most
	}
	best := 0
	for _, u := range b.used {
		if u >= n && u <= 4*n && (best == 0 || u < best) {
			best = u
		}
	}
	if best == 0 {
		for best = 1; best < n; best *= 2 {
		}
		best = min(best, b.most)
		b.used = append(b.used, best)
	}
	return best
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

// call runs the graph once and keeps the first rows of what it says.
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
