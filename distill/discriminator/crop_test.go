package discriminator

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

// The windows of PyTorch's adaptive average pooling, which interpolate(mode="area") is: they overlap where sides do not divide.
func TestResizeIsTheMeanOverAreas(t *testing.T) {
	x := graphtest.Normals(1, 1, 5, 5, 3)
	pixel := func(i, j, c int) float32 { return graphtest.Floats(x)[(i*5+j)*3+c] }
	windows, want := [][]int{{0, 1}, {1, 2, 3}, {3, 4}}, []float32(nil)
	for _, rows := range windows {
		for _, columns := range windows {
			for c := range 3 {
				var sum float32
				for _, i := range rows {
					for _, j := range columns {
						sum += pixel(i, j, c)
					}
				}
				want = append(want, sum/float32(len(rows)*len(columns)))
			}
		}
	}
	got := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{Resize(in[0], 3)} }, x)[0]
	if diff := cmp.Diff(want, graphtest.Floats(got), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A window is a part of every picture, the same one; the whole is resized where no window is drawn.
func TestCropIsAWindowOrTheWhole(t *testing.T) {
	const from, to, batch = 6, 4, 2
	x := graphtest.Normals(2, batch, from, from, 3)
	windows := map[[2]int][]float32{}
	for top := range from - to + 1 {
		for left := range from - to + 1 {
			windows[[2]int{top, left}] = graphtest.Floats(graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
				return []*Node{Slice(in[0], AxisRange(), AxisRange(top, top+to), AxisRange(left, left+to))}
			}, x)[0])
		}
	}
	whole := graphtest.Floats(graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{Resize(in[0], to)} }, x)[0])
	exec := graphtest.Compile(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{Crop(in[0], in[1])} })
	seen, resized := map[[2]int]bool{}, 0
	const draws = 200
	for i := range draws {
		matrices := tensors.FromFlatDataAndDimensions(DrawCrop(rng.New(1, "crop", i), DefaultConfig(), from, to), 2, to, from)
		got := graphtest.Floats(graphtest.Call(t, exec, x, matrices)[0])
		near := func(want []float32) bool { return cmp.Equal(want, got, cmpopts.EquateApprox(0, 1e-6)) }
		found := near(whole)
		if found {
			resized++
		}
		for place, want := range windows {
			if near(want) {
				seen[place], found = true, true
			}
		}
		if !found {
			t.Fatalf("draw %d is neither the whole nor a window of it", i)
		}
	}
	if len(seen) != len(windows) || resized < draws*2/5 || resized > draws*3/5 {
		t.Errorf("%d windows of %d, the whole in %d of %d draws, want all and a half", len(seen), len(windows), resized, draws)
	}
}
