package network

import (
	"fmt"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// in returns the same values as input, as the float64 numbers that a loop works with.
func in(k int, dims ...int) []float64 {
	x := make([]float64, product(dims))
	for i, v := range narrow(values(len(x), k)) {
		x[i] = float64(v)
	}
	return x
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// matmul is x [n,c] times w [out,c] transposed, plus bias, as a loop.
func matmul(x, w, bias []float64, n, c, out int) []float64 {
	y := make([]float64, n*out)
	for i := range y {
		if bias != nil {
			y[i] = bias[i%out]
		}
		for k := range c {
			y[i] += x[i/out*c+k] * w[i%out*c+k]
		}
	}
	return y
}

func TestLinear(t *testing.T) {
	for _, bias := range []bool{true, false} {
		store := model.NewStore()
		layer := func(scope *model.Scope, in []*Node) []*Node { return []*Node{Linear(scope, in[0], 5, bias)} }
		run(t, store, layer, input(1, 2, 3, 4))
		setAll(store, 1)
		var b []float64
		if bias {
			b = widen(weight(t, store, "bias"))
		} else if store.GetVariable("/net/bias") != nil {
			t.Error("a layer without bias has one")
		}
		want := matmul(in(1, 2, 3, 4), widen(weight(t, store, "weight")), b, 6, 4, 5)
		equal(t, fmt.Sprint("bias ", bias), narrow(want), run(t, store, layer, input(1, 2, 3, 4))[0], 1e-5)
	}
}

func TestConvAddsItsBias(t *testing.T) {
	store := model.NewStore()
	layer := func(scope *model.Scope, in []*Node) []*Node { return []*Node{Conv(scope, in[0], 5, 1)} }
	run(t, store, layer, input(1, 2, 3, 2, 4))
	setAll(store, 1)
	want := matmul(in(1, 2, 3, 2, 4), widen(weight(t, store, "weight")), widen(weight(t, store, "bias")), 12, 4, 5)
	equal(t, "1×1 convolution", narrow(want), run(t, store, layer, input(1, 2, 3, 2, 4))[0], 1e-5)
}

// standardised are x less the mean over the root of the variance plus epsilon, for the elements that group says belong together.
func standardised(x []float64, epsilon float64, group func(i int) int) []float64 {
	sum, squares, n := map[int]float64{}, map[int]float64{}, map[int]float64{}
	for i, v := range x {
		sum[group(i)] += v
		n[group(i)]++
	}
	for i, v := range x {
		d := v - sum[group(i)]/n[group(i)]
		squares[group(i)] += d * d
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = (v - sum[group(i)]/n[group(i)]) / math.Sqrt(squares[group(i)]/n[group(i)]+epsilon)
	}
	return y
}

func TestGroupNorm(t *testing.T) {
	const b, h, w, c, epsilon = 2, 3, 4, 6, 1e-2
	for why, groups := range map[string]int{"layer norm over the picture": 1, "pairs of channels": 3, "instance norm": c} {
		store := model.NewStore()
		layer := func(scope *model.Scope, in []*Node) []*Node { return []*Node{GroupNorm(scope, in[0], groups, epsilon)} }
		plain := run(t, store, layer, input(1, b, h, w, c))[0]
		want := standardised(in(1, b, h, w, c), epsilon, func(i int) int { return i/(h*w*c)*groups + i%c/(c/groups) })
		equal(t, why+", as it starts", narrow(want), plain, 1e-5)

		setAll(store, 1)
		scale, shift := widen(weight(t, store, "weight")), widen(weight(t, store, "bias"))
		for i := range want {
			want[i] = want[i]*scale[i%c] + shift[i%c]
		}
		equal(t, why, narrow(want), run(t, store, layer, input(1, b, h, w, c))[0], 1e-5)
	}
}

func TestLayerNorm(t *testing.T) {
	const n, c, epsilon = 6, 5, 1e-2
	store := model.NewStore()
	layer := func(scope *model.Scope, in []*Node) []*Node { return []*Node{LayerNorm(scope, in[0], epsilon)} }
	run(t, store, layer, input(1, 2, 3, c))
	setAll(store, 1)
	want := standardised(in(1, n, c), epsilon, func(i int) int { return i / c })
	scale, shift := widen(weight(t, store, "weight")), widen(weight(t, store, "bias"))
	for i := range want {
		want[i] = want[i]*scale[i%c] + shift[i%c]
	}
	equal(t, "layer norm", narrow(want), run(t, store, layer, input(1, 2, 3, c))[0], 1e-5)
}

// A constant has no variance: a norm must give its bias, not 0/0.
func TestNormsOfAConstantAreFinite(t *testing.T) {
	x := make([]float32, 16)
	for i := range x {
		x[i] = 3
	}
	for name, got := range map[string][]float32{
		"group norm": run(t, nil, func(scope *model.Scope, in []*Node) []*Node {
			return []*Node{GroupNorm(scope, Reshape(in[0], 1, 2, 2, 4), 2, 1e-5)}
		}, x)[0],
		"layer norm": run(t, nil, func(scope *model.Scope, in []*Node) []*Node {
			return []*Node{LayerNorm(scope, Reshape(in[0], 4, 4), 1e-5)}
		}, x)[0],
	} {
		equal(t, name, make([]float32, 16), got, 1e-3)
	}
}

func TestActivations(t *testing.T) {
	x := []float64{-30, -8, -3, -1.5, -1, -.5, -1e-3, 0, 1e-3, .5, 1, 1.5, 3, 8, 30}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, f := range []struct {
		name string
		node func(*Node) *Node
		want func(x float64) float64
	}{
		{"GELU", GELU, func(x float64) float64 { return x * math.Erfc(-x/math.Sqrt2) / 2 }},
		{"QuickGELU", QuickGELU, func(x float64) float64 { return x * sigmoid(1.702*x) }},
		{"SiLU", SiLU, func(x float64) float64 { return x * sigmoid(x) }},
	} {
		want := make([]float32, len(x))
		for i := range x {
			want[i] = float32(f.want(x[i]))
		}
		got := run(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{f.node(in[0])} }, narrow(x))[0]
		equal(t, f.name, want, got, 2e-6)
	}
}

// loopAttention is softmax(q·kᵀ/√d + mask)·v for every head, as a loop. mask is [n,m] or nil.
func loopAttention(q, k, v, mask []float64, b, n, m, c, heads int) []float64 {
	d := c / heads
	out := make([]float64, b*n*c)
	for i := range b {
		for h := range heads {
			for row := range n {
				weights, total := make([]float64, m), 0.0
				for col := range m {
					for k1 := range d {
						weights[col] += q[(i*n+row)*c+h*d+k1] * k[(i*m+col)*c+h*d+k1] / math.Sqrt(float64(d))
					}
					if mask != nil {
						weights[col] += mask[row*m+col]
					}
					weights[col] = math.Exp(weights[col])
					total += weights[col]
				}
				for col := range m {
					for k1 := range d {
						out[(i*n+row)*c+h*d+k1] += weights[col] / total * v[(i*m+col)*c+h*d+k1]
					}
				}
			}
		}
	}
	return out
}

func TestAttentionEqualsTheLoop(t *testing.T) {
	const b, n, m, c = 2, 3, 5, 8
	for _, heads := range []int{1, 2, 8} {
		for _, masked := range []bool{false, true} {
			var mask []float64
			if masked {
				mask = in(4, n, m)
			}
			want := loopAttention(in(1, b, n, c), in(2, b, m, c), in(3, b, m, c), mask, b, n, m, c, heads)
			got := run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
				var mask *Node
				if masked {
					mask = Reshape(in[3], 1, 1, n, m)
				} else {
					in[3] = nil
				}
				return []*Node{attend(in[0], in[1], in[2], mask, heads)}
			}, input(1, b, n, c), input(2, b, m, c), input(3, b, m, c), input(4, n, m))
			equal(t, fmt.Sprintf("%d heads, mask %v", heads, masked), narrow(want), got[0], 1e-5)
		}
	}
}
