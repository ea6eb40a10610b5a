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

func augmented(t testing.TB, img *tensors.Tensor, params []float32) []float32 {
	t.Helper()
	p := tensors.FromFlatDataAndDimensions(params, img.Shape().Dimensions[0], AugmentParams)
	return graphtest.Floats(evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{Augment(in[0], in[1])} }, img, p)[0])
}

func TestAugmentIdentityIsExact(t *testing.T) {
	img := graphtest.Normals(1, 3, 8, 8, 3)
	if diff := cmp.Diff(graphtest.Floats(img), augmented(t, img, IdentityAugment(3))); diff != "" {
		t.Errorf("identity parameters change the picture (-want +got):\n%s", diff)
	}
}

func TestAugmentColor(t *testing.T) {
	const b, size = 2, 4
	img := graphtest.Normals(2, b, size, size, 3)
	for _, test := range []struct {
		name    string
		b, s, k float32
	}{
		{"brightness only", 0.3, 1, 1},
		{"grey where saturation is 0", 0, 0, 1},
		{"more saturated", 0, 1.7, 1},
		{"less contrast", 0, 1, 0.5},
		{"all three in their order", -0.2, 0.4, 1.4},
	} {
		t.Run(test.name, func(t *testing.T) {
			params := IdentityAugment(b)
			// Only the first sample is changed: parameters are per sample.
			params[brightness], params[saturation], params[contrast] = test.b, test.s, test.k

			want := graphtest.Floats(img)
			x := want[:size*size*3]
			var sum float64
			for i := 0; i < len(x); i += 3 {
				p := x[i : i+3]
				for c := range p {
					p[c] += test.b
				}
				mean := (p[0] + p[1] + p[2]) / 3
				for c := range p {
					p[c] = (p[c]-mean)*test.s + mean
					sum += float64(p[c])
				}
			}
			mean := float32(sum / float64(len(x)))
			for i := range x {
				x[i] = (x[i]-mean)*test.k + mean
			}
			if diff := cmp.Diff(want, augmented(t, img, params), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAugmentTranslates(t *testing.T) {
	const size = 5
	img := graphtest.Normals(3, 1, size, size, 3)
	x := graphtest.Floats(img)
	for _, shift := range [][2]int{{0, 0}, {1, 0}, {0, -2}, {-1, 2}, {size, 0}} {
		params := IdentityAugment(1)
		params[shiftY], params[shiftX] = float32(shift[0]), float32(shift[1])
		want := make([]float32, len(x))
		for i := range size {
			for j := range size {
				y, z := i+shift[0], j+shift[1]
				if y < 0 || y >= size || z < 0 || z >= size {
					continue
				}
				copy(want[(i*size+j)*3:][:3], x[(y*size+z)*3:])
			}
		}
		if diff := cmp.Diff(want, augmented(t, img, params)); diff != "" {
			t.Errorf("shift %v (-want +got):\n%s", shift, diff)
		}
	}
}

func TestAugmentCutsOut(t *testing.T) {
	const size = 8
	img := tensors.FromFlatDataAndDimensions(filled(size*size*3, 0.7), 1, size, size, 3)
	for _, test := range []struct {
		name                     string
		top, bottom, left, right float32
		area                     int
	}{
		{"nothing", 0, 0, 0, 0, 0},
		{"inside", 2, 5, 4, 7, 9},
		{"over the corner", -1, 1, -2, 1, 1},
		{"over the far border", 7, 10, 0, 3, 3},
	} {
		params := IdentityAugment(1)
		params[cutTop], params[cutBottom], params[cutLeft], params[cutRight] = test.top, test.bottom, test.left, test.right
		area := 0
		for i, v := range augmented(t, img, params) {
			row, column := float32(i/3/size), float32(i/3%size)
			cut := row >= test.top && row < test.bottom && column >= test.left && column < test.right
			switch {
			case cut && v == 0:
				area++
			case cut || v != 0.7:
				t.Errorf("%s: value %d = %g, cut: %v", test.name, i, v, cut)
			}
		}
		if area != 3*test.area {
			t.Errorf("%s: area = %d values, want %d", test.name, area, 3*test.area)
		}
	}
}

func TestDrawAugmentRanges(t *testing.T) {
	const batch, size = 4000, 32
	params := DrawAugment(rng.New(1, "augment", 0), batch, size, 1, 1)
	lo, hi := filled(AugmentParams, math.MaxFloat32), filled(AugmentParams, -math.MaxFloat32)
	for i, v := range params {
		c := i % AugmentParams
		lo[c], hi[c] = min(lo[c], v), max(hi[c], v)
	}
	wantLo := []float32{-0.5, 0, 0.5, -4, -4, -3, 3, -3, 3}
	wantHi := []float32{0.5, 2, 1.5, 4, 4, 29, 35, 29, 35}
	near := cmpopts.EquateApprox(0, 0.01)
	if diff := cmp.Diff(wantLo, lo, near); diff != "" {
		t.Errorf("smallest values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantHi, hi, near); diff != "" {
		t.Errorf("largest values (-want +got):\n%s", diff)
	}
	for i, v := range DrawAugment(rng.New(1, "augment", 0), batch, size, .25, 1) {
		if c := i % AugmentParams; c <= contrast {
			middle := (wantLo[c] + wantHi[c]) / 2
			if want := middle + (params[i]-middle)/4; math.Abs(float64(v-want)) > 1e-6 {
				t.Fatalf("a quarter of the colours: column %d = %g, want %g", c, v, want)
			}
		} else if v != params[i] {
			t.Fatalf("a quarter of the colours: column %d = %g, want the same place, %g", c, v, params[i])
		}
	}
	for i, v := range DrawAugment(rng.New(1, "augment", 0), batch, size, 1, .25) {
		if c := i % AugmentParams; (c == shiftY || c == shiftX) && math.Abs(float64(v)) > 1 {
			t.Fatalf("a quarter of the shifts: column %d = %g, want at most 1 pixel", c, v)
		}
	}
	if again := DrawAugment(rng.New(1, "augment", 0), batch, size, 1, 1); !cmp.Equal(params, again) {
		t.Error("the same stream draws other parameters")
	}
}

func TestAugmentGradient(t *testing.T) {
	const b, size = 2, 4
	img, weight := widened(graphtest.Normals(4, b, size, size, 3)), widened(graphtest.Normals(5, b, size, size, 3))
	params := DrawAugment(rng.New(3, "augment", 0), b, size, 1, 1)
	params[shiftY], params[cutTop], params[cutBottom], params[cutLeft], params[cutRight] = 1, 1, 2, 1, 2
	p := widened(tensors.FromFlatDataAndDimensions(params, b, AugmentParams))

	fn := func(_ *model.Scope, in []*Node) []*Node {
		y := ReduceAllSum(Mul(Augment(in[0], in[1]), in[2]))
		return []*Node{y, Gradient(y, in[0])[0]}
	}
	call := compiled(t, nil, fn)
	gradient := doubles(call(img, p, weight)[1])
	f := func(x []float64) float64 {
		img := tensors.FromFlatDataAndDimensions(x, b, size, size, 3)
		return doubles(call(img, p, weight)[0])[0]
	}
	checkGradient(t, "img", f, doubles(img), gradient)
}

func filled(n int, v float32) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = v
	}
	return x
}
