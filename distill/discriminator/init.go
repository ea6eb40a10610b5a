package discriminator

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/rng"
)

// Init creates the variables of one head per entry of widths, the channels of the taps, under scope: heads/0/…, heads/1/…
// condDim is E, the width of the condition; it is not used by an unconditional Config.
//
// Weights are laid out as PyTorch's and drawn as PyTorch does for convolutions and linear layers, uniform in ±1/√fan-in. The convolutions
// before a norm have no bias, the norm would remove it.
//
//	heads/k/point/weight [C,C,1]   point_norm/weight, bias [C]; [C,2C,1] of the last with Config.PerCaption
//	heads/k/ring/weight  [C,C,K]   ring_norm/weight, bias [C]
//	heads/k/out/weight   [M,C,1]   out/bias [M]               M = 1 when unconditional
//	heads/k/cond/weight  [M,E]     cond/bias [M]              only when conditional; no bias with Config.CondEqualized
//
// Each convolution also keeps u [O], the power iteration of its spectral norm, which is not trainable.
func Init(store *model.Store, scope string, widths []int, condDim int, cfg Config, seed int64) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	if len(widths) == 0 || slices.Min(widths) < 1 || cfg.Conditional() && condDim < 1 {
		return fmt.Errorf("discriminator: widths = %v, condition = %d, want one tap or more, all ≥ 1", widths, condDim)
	}
	if path := model.JoinPath(scope, "heads/0/out/weight"); store.GetVariable(path) != nil {
		return fmt.Errorf("discriminator: variable %s exists already, want a scope without heads", path)
	}
	for k, c := range widths {
		w := writer{store: store, prefix: fmt.Sprintf("heads/%d/", k), scope: scope, seed: seed}
		out := 1
		if cfg.Conditional() {
			out = cfg.MapDim
		}
		in := c
		if cfg.Group() > 1 && k == len(widths)-1 {
			in = 2 * c
		}
		w.conv("point", c, in, 1)
		w.norm("point_norm", c)
		w.conv("ring", c, c, cfg.Kernel)
		w.norm("ring_norm", c)
		w.conv("out", out, c, 1)
		w.uniform("out/bias", c, out)
		switch {
		case cfg.Conditional() && cfg.CondEqualized:
			w.create("cond/weight", true, rng.Normal(rng.New(seed, "discriminator/"+w.prefix+"cond/weight", 0), out*condDim), out, condDim)
		case cfg.Conditional():
			w.uniform("cond/weight", condDim, out, condDim)
			w.uniform("cond/bias", condDim, out)
		}
		if w.err != nil {
			return w.err
		}
	}
	return nil
}

// writer creates the variables of one head and keeps the errors.
type writer struct {
	store         *model.Store
	scope, prefix string
	seed          int64
	err           error
}

// conv creates a weight [out,in,kernel] and u, already led close to the first singular vector.
func (w *writer) conv(name string, out, in, kernel int) {
	weight := w.uniform(name+"/weight", in*kernel, out, in, kernel)
	u := rng.Normal(rng.New(w.seed, "discriminator/"+w.prefix+name+"/u", 0), out)
	w.create(name+"/u", false, powerIteration(weight, u, 15), out)
}

func (w *writer) norm(name string, c int) {
	w.create(name+"/weight", true, slices.Repeat([]float32{1}, c), c)
	w.create(name+"/bias", true, make([]float32, c), c)
}

// uniform creates a variable drawn from ±1/√fanIn.
func (w *writer) uniform(name string, fanIn int, dims ...int) []float32 {
	r := rng.New(w.seed, "discriminator/"+w.prefix+name, 0)
	bound := 1 / math.Sqrt(float64(fanIn))
	x := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
	for i := range x {
		x[i] = float32((2*r.Float64() - 1) * bound)
	}
	w.create(name, true, x, dims...)
	return x
}

func (w *writer) create(name string, trainable bool, x []float32, dims ...int) {
	v, err := w.store.CreateVariable(model.JoinPath(w.scope, w.prefix+name), tensors.FromFlatDataAndDimensions(x, dims...))
	if err != nil {
		w.err = errors.Join(w.err, fmt.Errorf("discriminator: %w", err))
		return
	}
	v.SetTrainable(trainable)
}

// powerIteration leads u [O] towards the first left singular vector of the matrix weight [O,N].
func powerIteration(weight, u []float32, steps int) []float32 {
	rows := len(u)
	n := len(weight) / rows
	u = scaled(u)
	for range steps {
		v := make([]float32, n) // Wᵀu
		for i, ui := range u {
			for j, wij := range weight[i*n : (i+1)*n] {
				v[j] += ui * wij
			}
		}
		v = scaled(v)
		for i := range u { // Wv
			u[i] = 0
			for j, wij := range weight[i*n : (i+1)*n] {
				u[i] += wij * v[j]
			}
		}
		u = scaled(u)
	}
	return u
}

// scaled returns x/‖x‖.
func scaled(x []float32) []float32 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(float64(v) / math.Sqrt(sum))
	}
	return y
}
