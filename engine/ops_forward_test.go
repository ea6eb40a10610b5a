package engine

import (
	"fmt"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// windowed calls visit for every output of a K×L window over a h×w picture with the index of the output and of the pixels
// inside the picture.
func windowed(h, w, k, l, stride int, pad [2]int, visit func(oy, ox, dy, dx, y, x int)) (oh, ow int) {
	oh, ow = (h+2*pad[0]-k)/stride+1, (w+2*pad[1]-l)/stride+1
	for oy := range oh {
		for ox := range ow {
			for dy := range k {
				for dx := range l {
					y, x := oy*stride+dy-pad[0], ox*stride+dx-pad[1]
					if y >= 0 && y < h && x >= 0 && x < w {
						visit(oy, ox, dy, dx, y, x)
					}
				}
			}
		}
	}
	return oh, ow
}

func TestForwardConvolutionsEqualTheLoop(t *testing.T) {
	const b, c, o = 2, 3, 4
	for _, s := range []struct {
		h, w, k, l, stride int
		pad                [2]int
	}{
		{5, 6, 1, 1, 1, [2]int{0, 0}}, {7, 6, 3, 3, 1, [2]int{0, 0}}, {7, 8, 3, 3, 2, [2]int{0, 0}}, {8, 7, 3, 3, 2, [2]int{0, 0}},
		{5, 6, 1, 7, 1, [2]int{0, 3}}, {5, 6, 7, 1, 1, [2]int{3, 0}}, {6, 5, 5, 5, 1, [2]int{2, 2}}, {6, 5, 1, 3, 1, [2]int{0, 1}}, {5, 6, 1, 1, 2, [2]int{0, 0}}, {6, 7, 1, 3, 2, [2]int{0, 1}},
	} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			x, kernel := waves(b*s.h*s.w*c, 1), waves(o*c*s.k*s.l, 2)
			var want []float64
			for n := range b {
				oh, ow := (s.h+2*s.pad[0]-s.k)/s.stride+1, (s.w+2*s.pad[1]-s.l)/s.stride+1
				y := make([]float64, oh*ow*o)
				windowed(s.h, s.w, s.k, s.l, s.stride, s.pad, func(oy, ox, dy, dx, iy, ix int) {
					for i := range o {
						for j := range c {
							y[(oy*ow+ox)*o+i] += x[((n*s.h+iy)*s.w+ix)*c+j] * kernel[((i*c+j)*s.k+dy)*s.l+dx]
						}
					}
				})
				want = append(want, y...)
			}
			eachForm(t, func(t *testing.T, run func(func([]*Node) []*Node, ...*tensors.Tensor) [][]float64) {
				got := run(func(in []*Node) []*Node { return []*Node{ConvForward(in[0], in[1], s.stride, s.pad)} },
					tensors.FromFlatDataAndDimensions(x, b, s.h, s.w, c), tensors.FromFlatDataAndDimensions(kernel, o, c, s.k, s.l))
				if diff := cmp.Diff(want, got[0], cmpopts.EquateApprox(1e-12, 1e-12)); diff != "" {
					t.Errorf("(-want +got):\n%.1000s", diff)
				}
			})
		})
	}
}

func TestPoolingLeavesPaddingOut(t *testing.T) {
	const h, w = 7, 5
	x := waves(h*w, 3)
	for i := range x {
		x[i] -= 2 // all negative, so that a zero of the padding would win
	}
	pool := func(stride, pad int) (most, mean []float64) {
		oh, ow := (h+2*pad-3)/stride+1, (w+2*pad-3)/stride+1
		most, mean = make([]float64, oh*ow), make([]float64, oh*ow)
		n := make([]float64, oh*ow)
		for i := range most {
			most[i] = math.Inf(-1)
		}
		windowed(h, w, 3, 3, stride, [2]int{pad, pad}, func(oy, ox, _, _, iy, ix int) {
			i := oy*ow + ox
			most[i], mean[i], n[i] = max(most[i], x[iy*w+ix]), mean[i]+x[iy*w+ix], n[i]+1
		})
		for i := range mean {
			mean[i] /= n[i]
		}
		return most, mean
	}
	small, _ := pool(2, 0)
	same, mean := pool(1, 1)
	eachForm(t, func(t *testing.T, run func(func([]*Node) []*Node, ...*tensors.Tensor) [][]float64) {
		got := run(func(in []*Node) []*Node {
			return []*Node{MaxPool3(in[0], 2, 0), MaxPool3(in[0], 1, 1), MeanPool3(in[0])}
		}, tensors.FromFlatDataAndDimensions(x, 1, h, w, 1))
		if diff := cmp.Diff([][]float64{small, same, mean}, got, cmpopts.EquateApprox(1e-12, 1e-12)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
