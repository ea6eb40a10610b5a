package engine

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/internal/rng"
)

// Report is the result of Probe for one engine.
type Report struct {
	Engine      string  `json:"engine"`
	Available   bool    `json:"available"`
	Reason      string  `json:"reason,omitempty"` // why it is not available, or what is wrong with it
	Version     string  `json:"version,omitempty"`
	Device      string  `json:"device,omitempty"`
	Source      string  `json:"source,omitempty"`       // how its library was found or came here
	Library     string  `json:"library,omitempty"`      // its path
	OpenSeconds float64 `json:"open_seconds,omitempty"` // with fetching, if that was needed
	GFlops      float64 `json:"gflops,omitempty"`       // of a small training step, see Benchmark
	Chosen      bool    `json:"chosen"`                 // Open would take this one
	Why         string  `json:"why,omitempty"`
}

// Probe opens and measures, one after the other, the engines of the choice as Open reads it; with no choice, all of them.
// Without fetch only what is on this machine counts.
func Probe(ctx context.Context, choice string, fetch bool, progress io.Writer) ([]Report, error) {
	p, err := readChoice(choice)
	if err != nil {
		return nil, err
	}
	eligible := len(p.candidates)
	if choice == "" || choice == "auto" { // GOMLX_BACKEND may have narrowed the choice, but not the question
		for _, name := range automatic {
			if !slices.ContainsFunc(p.candidates, func(c candidate) bool { return c.label() == name }) {
				p.candidates = append(p.candidates, candidate{name: name})
			}
		}
	}

	var reports []Report
	chosen := false
	s := newSetting(fetch, progress)
	for i, c := range p.candidates {
		r := probe(ctx, c, p, s)
		if err := ctx.Err(); err != nil {
			return reports, err
		}
		if r.Available && !chosen && i < eligible {
			chosen, r.Chosen = true, true
		} else {
			r.Why = ""
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// probe opens and measures one engine.
func probe(ctx context.Context, c candidate, p plan, s setting) (r Report) {
	r.Engine = c.label()
	start := time.Now()
	e, err := open(ctx, c, s)
	if err != nil {
		r.Reason = oneLine(err.Error())
		return r
	}
	defer e.Close()
	r.OpenSeconds = time.Since(start).Seconds()
	r.Available, r.Version, r.Device, r.Source, r.Library, r.Why = true, e.Version, e.Device, e.library.source, e.library.path, p.why(e)
	if r.GFlops, err = Benchmark(ctx, e.Backend); err != nil {
		r.Reason = "benchmark: " + oneLine(err.Error())
	}
	return r
}

// Sizes of the benchmark's network: two 3×3 convolutions and a feed-forward block, as in a small U-Net's middle level.
// B batch, S side of the picture, C channels, F features of the feed-forward block.
const (
	benchB, benchS, benchC, benchF = 8, 16, 64, 256
	benchTokens                    = benchB * benchS * benchS
)

// benchFLOPs counts 2 operations per multiplication: once forward and twice backward, save for the gradient of the input.
const benchFLOPs = 2 * benchTokens * ((2+3)*9*benchC*benchC + (3+3)*benchC*benchF)

// benchStep is one step of gradient descent on ½|y|². x is [B,S,S,C], k1 and k2 are [C,C,3,3], w1 is [F,C], w2 is [C,F];
// returns the new weights and the loss.
func benchStep(args []*graph.Node) []*graph.Node {
	x, weights := args[0], args[1:]
	k1, k2, w1, w2 := weights[0], weights[1], weights[2], weights[3]
	h := graph.Tanh(Conv2D(x, k1))
	h = graph.Tanh(Conv2D(h, k2))
	h = graph.Reshape(h, benchTokens, benchC)
	h = graph.Tanh(graph.EinsumAxes(h, w1, [][2]int{{1, 1}}, nil)) // [BSS,F]
	y := graph.EinsumAxes(h, w2, [][2]int{{1, 1}}, nil)            // [BSS,C]
	loss := graph.MulScalar(graph.ReduceAllMean(graph.Square(y)), 0.5)

	var updated []*graph.Node
	for i, gradient := range graph.Gradient(loss, weights...) {
		updated = append(updated, graph.Sub(weights[i], graph.MulScalar(gradient, 1e-3)))
	}
	return append(updated, loss)
}

// Benchmark measures GFLOP/s over about a second of training steps, after one that compiles.
func Benchmark(ctx context.Context, backend compute.Backend) (gflops float64, err error) {
	return attempt(ctx, time.Minute, func() (float64, error) {
		exec, err := graph.NewExec(backend, benchStep)
		if err != nil {
			return 0, err
		}
		defer exec.Finalize()
		x, weights := benchInputs()
		defer func() { Release(append(weights, x)...) }()

		step := func() error {
			outputs, err := exec.Call(append([]any{x}, anySlice(weights)...)...)
			if err != nil {
				return err
			}
			loss := tensors.ToScalar[float32](outputs[len(weights)]) // waits for the step to end
			Release(append(weights, outputs[len(weights)])...)
			weights = outputs[:len(outputs)-1]
			if !(loss >= 0) {
				return fmt.Errorf("loss = %v, want a number", loss)
			}
			return nil
		}
		if err := step(); err != nil {
			return 0, err
		}
		steps, start := 0, time.Now()
		for ; steps < 2 || time.Since(start) < time.Second; steps++ {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if err := step(); err != nil {
				return 0, err
			}
		}
		return float64(steps) * benchFLOPs / time.Since(start).Seconds() / 1e9, nil
	})
}

func benchInputs() (x *tensors.Tensor, weights []*tensors.Tensor) {
	r := rng.New(0, "engine benchmark", 0)
	random := func(dims ...int) *tensors.Tensor {
		n := 1
		for _, d := range dims {
			n *= d
		}
		values := rng.Normal(r, n)
		for i := range values {
			values[i] *= 0.05
		}
		return tensors.FromFlatDataAndDimensions(values, dims...)
	}
	x = random(benchB, benchS, benchS, benchC)
	return x, []*tensors.Tensor{random(benchC, benchC, 3, 3), random(benchC, benchC, 3, 3), random(benchF, benchC), random(benchC, benchF)}
}

func anySlice[T any](s []T) []any {
	a := make([]any, len(s))
	for i, v := range s {
		a[i] = v
	}
	return a
}

// multiplies makes the backend compile and run a product of two small matrices and checks the result.
func multiplies(ctx context.Context, backend compute.Backend) error {
	got, err := attempt(ctx, openGPULimit, func() ([][]float32, error) {
		a, b := tensors.FromValue([][]float32{{1, 2}, {3, 4}}), tensors.FromValue([][]float32{{5, 6}, {7, 8}})
		c, err := graph.CallOnce(backend, func(a, b *graph.Node) *graph.Node { return graph.MatMul(a, b) }, a, b)
		if err != nil {
			return nil, err
		}
		defer Release(a, b, c)
		return c.Value().([][]float32), nil
	})
	if err != nil {
		return fmt.Errorf("opens, but cannot multiply: %w", err)
	}
	if got[0] == nil || got[0][0] != 19 || got[0][1] != 22 || got[1][0] != 43 || got[1][1] != 50 {
		return fmt.Errorf("opens, but multiplies wrongly: product = %v, want [[19 22] [43 50]]", got)
	}
	return nil
}
