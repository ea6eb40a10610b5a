package engine

import (
	"fmt"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sameCase is a convolution with TensorFlow's padding: x is [b,h,w,c], kernel [o,c,k,k], or [c,1,k,k] where it is depthwise.
type sameCase struct {
	b, h, w, c, o, k, stride int
	depthwise                bool
}

func (c sameCase) outputs() (h, w int) {
	return (c.h + c.stride - 1) / c.stride, (c.w + c.stride - 1) / c.stride
}

// naive follows TensorFlow's guide to padding: the total is max((⌈n/s⌉−1)·s + k − n, 0), its smaller half before the picture.
func (c sameCase) naive(x, kernel []float64) []float64 {
	oh, ow := c.outputs()
	before := func(n, out int) int { return max((out-1)*c.stride+c.k-n, 0) / 2 }
	top, left := before(c.h, oh), before(c.w, ow)
	y := make([]float64, c.b*oh*ow*c.o)
	for i := range y {
		o, ox, oy, b := i%c.o, i/c.o%ow, i/c.o/ow%oh, i/c.o/ow/oh
		for ky := range c.k {
			for kx := range c.k {
				iy, ix := oy*c.stride+ky-top, ox*c.stride+kx-left
				if iy < 0 || iy >= c.h || ix < 0 || ix >= c.w {
					continue
				}
				at := ((b*c.h+iy)*c.w + ix) * c.c
				if c.depthwise {
					y[i] += x[at+o] * kernel[(o*c.k+ky)*c.k+kx]
					continue
				}
				for in := range c.c {
					y[i] += x[at+in] * kernel[((o*c.c+in)*c.k+ky)*c.k+kx]
				}
			}
		}
	}
	return y
}

func (c sameCase) graph(x, kernel *Node) *Node {
	if c.depthwise {
		return DepthwiseConvSame(x, kernel, c.stride)
	}
	return ConvSame(x, kernel, c.stride)
}

func (c sameCase) inputs() (x, kernel []float64, dims []int) {
	dims = []int{c.o, c.c, c.k, c.k}
	if c.depthwise {
		dims = []int{c.c, 1, c.k, c.k}
	}
	return waves(c.b*c.h*c.w*c.c, 1), waves(dims[0]*dims[1]*c.k*c.k, 2), dims
}

var sameCases = map[string]sameCase{
	"stride 1":                               {b: 2, h: 5, w: 4, c: 2, o: 3, k: 3, stride: 1},
	"even sides, all padding behind":         {b: 1, h: 4, w: 6, c: 2, o: 3, k: 3, stride: 2},
	"odd sides, equal padding":               {b: 1, h: 5, w: 7, c: 2, o: 3, k: 3, stride: 2},
	"a kernel that the stride skips":         {b: 1, h: 4, w: 5, c: 2, o: 3, k: 1, stride: 2},
	"even sides, two of three behind":        {b: 2, h: 4, w: 6, c: 3, o: 3, k: 5, stride: 2, depthwise: true},
	"depthwise, stride 1":                    {b: 1, h: 3, w: 4, c: 3, o: 3, k: 3, stride: 1, depthwise: true},
	"depthwise, smaller than the kernel":     {b: 1, h: 2, w: 1, c: 2, o: 2, k: 5, stride: 1, depthwise: true},
	"depthwise, one pixel, stride 2":         {b: 1, h: 1, w: 1, c: 2, o: 2, k: 3, stride: 2, depthwise: true},
	"depthwise, odd sides, wide stride":      {b: 1, h: 7, w: 8, c: 2, o: 2, k: 3, stride: 3, depthwise: true},
	"a product of matrices":                  {b: 2, h: 3, w: 2, c: 3, o: 2, k: 1, stride: 1},
	"a stride that is wider than the kernel": {b: 1, h: 7, w: 9, c: 2, o: 2, k: 2, stride: 3},
}

func TestSamePaddingIsTensorFlows(t *testing.T) {
	eachForm(t, func(t *testing.T, run func(func([]*Node) []*Node, ...*tensors.Tensor) [][]float64) {
		for why, c := range sameCases {
			x, kernel, dims := c.inputs()
			got := run(func(in []*Node) []*Node {
				y := c.graph(in[0], in[1])
				h, w := c.outputs()
				y.AssertDims(c.b, h, w, c.o)
				return []*Node{y}
			}, tensors.FromFlatDataAndDimensions(x, c.b, c.h, c.w, c.c), tensors.FromFlatDataAndDimensions(kernel, dims...))
			if diff := cmp.Diff(c.naive(x, kernel), got[0], cmpopts.EquateApprox(0, 1e-12)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", why, diff)
			}
		}
	})
}

// The gradient of ½·Σy² and, as R1 needs, the gradient of that.
func TestSameConvolutionsHaveTwoDerivatives(t *testing.T) {
	eachForm(t, func(t *testing.T, run func(func([]*Node) []*Node, ...*tensors.Tensor) [][]float64) {
		for why, c := range sameCases {
			x, kernel, dims := c.inputs()
			v := waves(len(x), 3)
			got := run(func(in []*Node) []*Node {
				y := c.graph(in[0], in[1])
				first := Gradient(MulScalar(ReduceAllSum(Mul(y, y)), 0.5), in[0])[0]
				return []*Node{first, Gradient(ReduceAllSum(Mul(first, in[2])), in[0])[0]}
			}, tensors.FromFlatDataAndDimensions(x, c.b, c.h, c.w, c.c), tensors.FromFlatDataAndDimensions(kernel, dims...),
				tensors.FromFlatDataAndDimensions(v, c.b, c.h, c.w, c.c))

			// Of a quadratic form central differences are exact. Its second derivative in the direction v is its gradient at v.
			differences := func(at []float64) []float64 {
				want := make([]float64, len(at))
				half := func() (sum float64) {
					for _, y := range c.naive(at, kernel) {
						sum += y * y / 2
					}
					return sum
				}
				for k, old := range at {
					at[k] = old + .5
					up := half()
					at[k] = old - .5
					want[k] = up - half()
					at[k] = old
				}
				return want
			}
			for order, want := range [][]float64{differences(x), differences(v)} {
				if diff := cmp.Diff(want, got[order], cmpopts.EquateApprox(0, 1e-11)); diff != "" {
					t.Errorf("%s: %s (-want +got):\n%s", why, fmt.Sprint("derivative ", order+1), diff)
				}
			}
		}
	})
}
