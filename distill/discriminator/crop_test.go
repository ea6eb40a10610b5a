package discriminator

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

// cropped runs Crop; the product by one is there because the pure Go engine cannot return an input itself.
func cropped(t testing.TB, img *tensors.Tensor, params []float32, input int) []float32 {
	t.Helper()
	p := tensors.FromFlatDataAndDimensions(params, img.Shape().Dimensions[0], CropParams)
	return graphtest.Floats(evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{MulScalar(Crop(in[0], in[1], input), 1.0)} }, img, p)[0])
}

func TestCropIsIdentityWhereSizesAgree(t *testing.T) {
	img := graphtest.Normals(1, 2, 6, 6, 3)
	params := DrawCrop(rng.New(1, "crop", 0), 2, 6, 6, 1)
	if diff := cmp.Diff([]float32{0, 0, 6, 0, 0, 6}, params); diff != "" {
		t.Errorf("nothing to crop (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(graphtest.Floats(img), cropped(t, img, params, 6)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCropCopiesThePixelsOfItsWindow(t *testing.T) {
	const size, input, top, left = 7, 4, 2, 1
	img := graphtest.Normals(2, 1, size, size, 3)
	x := graphtest.Floats(img)
	var want []float32
	for i := range input {
		want = append(want, x[((top+i)*size+left)*3:][:input*3]...)
	}
	if diff := cmp.Diff(want, cropped(t, img, []float32{top, left, input}, input)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCropEnlargesBilinearly(t *testing.T) {
	const size, input = 4, 10
	img := graphtest.Normals(3, 1, size, size, 3)
	x := graphtest.Floats(img)
	// The usual bilinear rule (half-pixel centres, coordinates clamped to the border).
	at := func(i int) (lo, hi int, frac float32) {
		p := min(max((float64(i)+0.5)*size/input-0.5, 0), size-1)
		lo = int(math.Floor(p))
		return lo, min(lo+1, size-1), float32(p - float64(lo))
	}
	var want []float32
	for i := range input {
		y0, y1, fy := at(i)
		for j := range input {
			x0, x1, fx := at(j)
			for c := range 3 {
				pixel := func(i, j int) float32 { return x[(i*size+j)*3+c] }
				up := pixel(y0, x0)*(1-fx) + pixel(y0, x1)*fx
				down := pixel(y1, x0)*(1-fx) + pixel(y1, x1)*fx
				want = append(want, up*(1-fy)+down*fy)
			}
		}
	}
	if diff := cmp.Diff(want, cropped(t, img, []float32{0, 0, size}, input), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCropReducesByAveraging(t *testing.T) {
	const size, input = 12, 5
	// Of the finest stripes only their mean is left.
	stripes := make([]float32, size*size*3)
	for i := range stripes {
		stripes[i] = float32(i / 3 % 2)
	}
	img := tensors.FromFlatDataAndDimensions(stripes, 1, size, size, 3)
	for i, v := range cropped(t, img, []float32{0, 0, size}, input) {
		if v < 0.3 || v > 0.7 {
			t.Fatalf("value %d = %g, want about 0.5", i, v)
		}
	}
	// Nothing from outside the window comes in.
	img = tensors.FromFlatDataAndDimensions(append(filled(6*size*3, 1), filled(6*size*3, -1)...), 1, size, size, 3)
	if diff := cmp.Diff(filled(3*3*3, -1), cropped(t, img, []float32{6, 2, 6}, 3)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDrawCropProbability(t *testing.T) {
	const batch, size, input = 4000, 10, 4
	params := DrawCrop(rng.New(1, "crop", 0), batch, size, input, 0.5)
	crops, most := 0, float32(0)
	for i := range batch {
		p := params[i*CropParams:][:CropParams]
		if p[2] == size {
			continue
		}
		crops++
		most = max(most, p[0], p[1])
		if p[2] != input || p[0] < 0 || p[1] < 0 || p[0] > size-input || p[1] > size-input {
			t.Fatalf("window %v leaves the picture", p)
		}
	}
	if crops < batch*45/100 || crops > batch*55/100 || most != size-input {
		t.Errorf("%d of %d cropped, furthest corner %g, want about half, corner %d", crops, batch, most, size-input)
	}
}

func TestViewGradient(t *testing.T) {
	const b, size, input = 2, 5, 3
	cfg := DefaultConfig()
	img, weight := widened(graphtest.Normals(4, b, size, size, 3)), widened(graphtest.Normals(5, b, input, input, 3))
	params := widened(tensors.FromFlatDataAndDimensions(DrawView(rng.New(2, "view", 0), cfg, b, size, input), b, ViewParams))
	call := compiled(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		y := ReduceAllSum(Mul(View(in[0], in[1], cfg, input), in[2]))
		return []*Node{y, Gradient(y, in[0])[0]}
	})
	gradient := doubles(call(img, params, weight)[1])
	f := func(x []float64) float64 {
		return doubles(call(tensors.FromFlatDataAndDimensions(x, b, size, size, 3), params, weight)[0])[0]
	}
	checkGradient(t, "img", f, doubles(img), gradient)
}

func TestViewOffIsIdentity(t *testing.T) {
	const b, size = 2, 6
	cfg := DefaultConfig()
	cfg.Augment = false
	img := graphtest.Normals(6, b, size, size, 3)
	params := tensors.FromFlatDataAndDimensions(DrawView(rng.New(2, "view", 0), cfg, b, size, size), b, ViewParams)
	for _, augment := range []bool{false, true} { // drawn without augmentation, the parameters are the identity's
		cfg.Augment = augment
		out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{MulScalar(View(in[0], in[1], cfg, size), 1.0)}
		}, img, params)
		if diff := cmp.Diff(graphtest.Floats(img), graphtest.Floats(out[0])); diff != "" {
			t.Errorf("augment %v (-want +got):\n%s", augment, diff)
		}
	}
}
