package engine

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Both forms of every operation run on the pure Go engine: the second one passes itself off as XLA.
var opsBackends = sync.OnceValues(func() (map[string]compute.Backend, error) {
	b, err := compute.NewWithConfig("go:parallelism=-1")
	return map[string]compute.Backend{"matrix products": b, "native": likeXLA{b}}, err
})

type likeXLA struct{ compute.Backend }

func (likeXLA) Name() string { return "xla" }

// eachForm runs a test once per form. The graph maps float64 tensors to float64 tensors.
func eachForm(t *testing.T, fn func(t *testing.T, run func(graph func(in []*Node) []*Node, in ...*tensors.Tensor) [][]float64)) {
	backends, err := opsBackends()
	if err != nil {
		t.Fatal(err)
	}
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			fn(t, func(graph func(in []*Node) []*Node, in ...*tensors.Tensor) [][]float64 {
				t.Helper()
				exec, err := NewExec(backend, graph)
				if err != nil {
					t.Fatal(err)
				}
				defer exec.Finalize()
				args := make([]any, len(in))
				for i := range in {
					args[i] = in[i]
				}
				out, err := exec.Call(args...)
				if err != nil {
					t.Fatal(err)
				}
				flat := make([][]float64, len(out))
				for i := range out {
					flat[i] = tensors.MustCopyFlatData[float64](out[i])
				}
				return flat
			})
		})
	}
}

// Both forms are two graphs: only the native one has a convolution in it.
func TestTheFormsOfAConvolutionDiffer(t *testing.T) {
	backends, err := opsBackends()
	if err != nil {
		t.Fatal(err)
	}
	for name, backend := range backends {
		exec := MustNewExec(backend, func(x, w *Node) *Node { return ConvForward(x, w, 1, [2]int{1, 1}) })
		_, g, err := exec.CallWithGraph(tensors.FromShape(shapes.Make(dtypes.Float32, 1, 4, 4, 2)), tensors.FromShape(shapes.Make(dtypes.Float32, 3, 2, 3, 3)))
		if err != nil {
			t.Fatal(err)
		}
		if native := strings.Contains(g.String(), "ConvGeneral"); native != (name == "native") {
			t.Errorf("%s: has a native convolution: %t", name, native)
		}
		exec.Finalize()
	}
}

// waves are n different values in [-1,1].
func waves(n int, phase float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Sin(phase + 1.7*float64(i) + 0.03*float64(i*i))
	}
	return x
}

// convCase is a convolution: x is [b,h,w,c], kernel [o,c,k,k]. late is 1 where padding is behind the picture only.
type convCase struct{ b, h, w, c, o, k, stride, late int }

func (c convCase) String() string {
	return fmt.Sprintf("%d×%d×%d×%d to %d channels, kernel %d, stride %d, late %d", c.b, c.h, c.w, c.c, c.o, c.k, c.stride, c.late)
}

// naive is PyTorch's conv2d with padding k/2, as a loop.
func (c convCase) naive(x, kernel []float64) []float64 {
	oh, ow, r := c.h/c.stride, c.w/c.stride, c.k/2
	y := make([]float64, c.b*oh*ow*c.o)
	for i := range y {
		o, ox, oy, b := i%c.o, i/c.o%ow, i/c.o/ow%oh, i/c.o/ow/oh
		for ky := range c.k {
			for kx := range c.k {
				iy, ix := oy*c.stride+ky-r+c.late, ox*c.stride+kx-r+c.late
				if iy < 0 || iy >= c.h || ix < 0 || ix >= c.w {
					continue
				}
				for in := range c.c {
					y[i] += x[((b*c.h+iy)*c.w+ix)*c.c+in] * kernel[((o*c.c+in)*c.k+ky)*c.k+kx]
				}
			}
		}
	}
	return y
}

func (c convCase) graph(x, kernel *Node) *Node {
	if c.stride == 2 {
		return Conv2DStride2(x, kernel, 1-c.late)
	}
	return Conv2D(x, kernel)
}

var convCases = []convCase{
	{b: 2, h: 5, w: 4, c: 3, o: 4, k: 3, stride: 1},
	{b: 1, h: 4, w: 6, c: 2, o: 3, k: 1, stride: 1},
	{b: 1, h: 4, w: 5, c: 2, o: 3, k: 5, stride: 1}, // the kernel is as high as the picture
	{b: 2, h: 4, w: 6, c: 3, o: 2, k: 3, stride: 2},
	{b: 1, h: 2, w: 2, c: 1, o: 1, k: 3, stride: 2},
	{b: 2, h: 4, w: 6, c: 2, o: 3, k: 3, stride: 2, late: 1},
}

func TestConvolutionsEqualTheLoop(t *testing.T) {
	eachForm(t, func(t *testing.T, run func(func([]*Node) []*Node, ...*tensors.Tensor) [][]float64) {
		for _, c := range convCases {
			x, kernel := waves(c.b*c.h*c.w*c.c, 1), waves(c.o*c.c*c.k*c.k, 2)
			got := run(func(in []*Node) []*Node {
				y := c.graph(in[0], in[1])
				y.AssertDims(c.b, c.h/c.stride, c.w/c.stride, c.o)
				return []*Node{y}
			}, tensors.FromFlatDataAndDimensions(x, c.b, c.h, c.w, c.c), tensors.FromFlatDataAndDimensions(kernel, c.o, c.c, c.k, c.k))
			if diff := cmp.Diff(c.naive(x, kernel), got[0], cmpopts.EquateApprox(0, 1e-12)); diff != "" {
				t.Errorf("%v (-want +got):\n%s", c, diff)
			}
		}
	})
}

// The gradients of Σ v·conv(x,w), with respect to x and w, against central differences of the loop. They are exact for
// steps of any size, since a convolution is linear in either.
func TestConvolutionGradientsEqualDifferences(t *testing.T) {
	eachForm(t, func(t *testing.T, run func(func([]*Node) []*Node, ...*tensors.Tensor) [][]float64) {
		for _, c := range convCases {
			x, kernel := waves(c.b*c.h*c.w*c.c, 1), waves(c.o*c.c*c.k*c.k, 2)
			v := waves(c.b*(c.h/c.stride)*(c.w/c.stride)*c.o, 3)
			got := run(func(in []*Node) []*Node {
				return Gradient(ReduceAllSum(Mul(in[2], c.graph(in[0], in[1]))), in[0], in[1])
			}, tensors.FromFlatDataAndDimensions(x, c.b, c.h, c.w, c.c), tensors.FromFlatDataAndDimensions(kernel, c.o, c.c, c.k, c.k),
				tensors.FromFlatDataAndDimensions(v, c.b, c.h/c.stride, c.w/c.stride, c.o))

			loss := func() (sum float64) {
				for i, y := range c.naive(x, kernel) {
					sum += v[i] * y
				}
				return sum
			}
			for i, variable := range [][]float64{x, kernel} {
				want := make([]float64, len(variable))
				for k, old := range variable {
					variable[k] = old + .5
					up := loss()
					variable[k] = old - .5
					want[k] = up - loss()
					variable[k] = old
				}
				if diff := cmp.Diff(want, got[i], cmpopts.EquateApprox(0, 1e-11)); diff != "" {
					t.Errorf("%v: gradient %d (-want +got):\n%s", c, i, diff)
				}
			}
		}
	})
}

func TestFoldingPixels(t *testing.T) {
	eachForm(t, func(t *testing.T, run func(func([]*Node) []*Node, ...*tensors.Tensor) [][]float64) {
		const b, h, w, c = 2, 4, 8, 3
		x := waves(b*h*w*c, 1)
		at := func(i, y, x, k int) int { return ((i*h+y)*w+x)*c + k }
		for _, p := range []int{1, 2, 4} {
			got := run(func(in []*Node) []*Node {
				folded := SpaceToDepth(in[0], p)
				folded.AssertDims(b, h/p, w/p, p*p*c)
				return []*Node{folded, DepthToSpace(folded, p)}
			}, tensors.FromFlatDataAndDimensions(x, b, h, w, c))

			// Channel (dy,dx,k) of a folded pixel is channel k of the pixel that lies dy below and dx to the right.
			var want []float64
			for i := range b {
				for y := range h / p {
					for xx := range w / p {
						for dy := range p {
							for dx := range p {
								for k := range c {
									want = append(want, x[at(i, p*y+dy, p*xx+dx, k)])
								}
							}
						}
					}
				}
			}
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Errorf("folding by %d (-want +got):\n%s", p, diff)
			}
			if diff := cmp.Diff(x, got[1]); diff != "" {
				t.Errorf("folding by %d and back (-want +got):\n%s", p, diff)
			}
		}
	})
}

func TestHalvingAndDoublingPictures(t *testing.T) {
	eachForm(t, func(t *testing.T, run func(func([]*Node) []*Node, ...*tensors.Tensor) [][]float64) {
		const b, h, w, c = 2, 4, 6, 2
		x, v := waves(b*h*w*c, 1), waves(b*h/2*w/2*c, 2)
		got := run(func(in []*Node) []*Node {
			half, double := DownsampleMean(in[0]), UpsampleNearest(in[0])
			half.AssertDims(b, h/2, w/2, c)
			double.AssertDims(b, 2*h, 2*w, c)
			pulled := Gradient(ReduceAllSum(Mul(in[1], half)), in[0])[0]
			return []*Node{half, double, DownsampleMean(double), pulled, DivScalar(UpsampleNearest(in[1]), 4)}
		}, tensors.FromFlatDataAndDimensions(x, b, h, w, c), tensors.FromFlatDataAndDimensions(v, b, h/2, w/2, c))

		half, double := make([]float64, b*h/2*w/2*c), make([]float64, b*2*h*2*w*c)
		for i := range double {
			k, xx, y, n := i%c, i/c%(2*w), i/c/(2*w)%(2*h), i/c/(2*w)/(2*h)
			double[i] = x[((n*h+y/2)*w+xx/2)*c+k]
		}
		for i := range x {
			k, xx, y, n := i%c, i/c%w, i/c/w%h, i/c/w/h
			half[((n*(h/2)+y/2)*(w/2)+xx/2)*c+k] += x[i] / 4
		}
		near := cmpopts.EquateApprox(0, 1e-12)
		for _, law := range []struct {
			name      string
			want, got []float64
		}{
			{"halving is the mean of 2×2 pixels", half, got[0]},
			{"doubling repeats pixels", double, got[1]},
			{"halving undoes doubling", x, got[2]},
			{"the gradient of halving is a quarter of doubling", got[4], got[3]},
		} {
			if diff := cmp.Diff(law.want, law.got, near); diff != "" {
				t.Errorf("%s (-want +got):\n%s", law.name, diff)
			}
		}
	})
}

func TestReleaseFreesAndForgivesNil(t *testing.T) {
	x := tensors.FromFlatDataAndDimensions([]float32{1, 2}, 2)
	Release(x, nil)
	if x.Ok() {
		t.Error("tensor is alive after Release")
	}
	Release(x) // twice does no harm
}
