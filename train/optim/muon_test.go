package optim

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/internal/graphtest"
)

// orthogonal does what orthogonalize does to the singular values alone: p(s) = a·s + b·s³ + c·s⁵, again and again.
func orthogonal(t *testing.T, x []float64, rows, columns, iterations int) []float64 {
	t.Helper()
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(rows, columns, x), mat.SVDThin) {
		t.Fatal("no singular value decomposition")
	}
	values := svd.Values(nil)
	norm := 0.0
	for _, s := range values {
		norm = math.Hypot(norm, s)
	}
	for i, s := range values {
		s /= norm
		for range iterations {
			s = 3.4445*s - 4.7750*math.Pow(s, 3) + 2.0315*math.Pow(s, 5)
		}
		values[i] = s
	}
	var u, v, us, out mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	us.Mul(&u, mat.NewDiagDense(len(values), values))
	out.Mul(&us, v.T())
	return out.RawMatrix().Data
}

func gaussians(seed uint64, n int) []float64 {
	r, x := rand.New(rand.NewPCG(seed, 0)), make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func float32s(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// Matrices with the same shorter side are iterated at once, and do not mix.
func TestOrthogonalizeChangesSingularValuesOnly(t *testing.T) {
	dims := [][2]int{{3, 7}, {9, 4}, {5, 6}, {5, 5}, {1, 6}, {16, 300}, {4, 11}, {30, 5}}
	var all [][]float64
	var in []any
	for i, d := range dims {
		x := gaussians(uint64(i), d[0]*d[1])
		all, in = append(all, x), append(in, tensors.FromFlatDataAndDimensions(float32s(x), d[0], d[1]))
	}
	exec := graphtest.Compile(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node { return orthogonalize(in) })
	for i, out := range graphtest.Call(t, exec, in...) {
		rows, columns := dims[i][0], dims[i][1]
		var got []float64
		for _, v := range tensors.MustCopyFlatData[float32](out) {
			got = append(got, float64(v))
		}
		if diff := cmp.Diff(orthogonal(t, all[i], rows, columns, 5), got, cmpopts.EquateApprox(0, 1e-4)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", dims[i], diff)
		}
		var svd mat.SVD
		svd.Factorize(mat.NewDense(rows, columns, got), mat.SVDNone)
		for _, s := range svd.Values(nil) {
			if s < 0.6 || s > 1.3 {
				t.Errorf("%v: singular value %.3f, want all near 1", dims[i], s)
			}
		}
	}
}

// Small singular values are not lost in the rounding of large ones.
func TestOrthogonalizeKeepsSmallSingularValues(t *testing.T) {
	const rows, columns = 6, 60
	x := gaussians(7, rows*columns)
	for i := range x {
		x[i] *= math.Pow(10, -float64(i/columns)) // from 1 to 1e-5
	}
	exec := graphtest.Compile(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node { return orthogonalize(in) })
	got := tensors.MustCopyFlatData[float32](graphtest.Call(t, exec, tensors.FromFlatDataAndDimensions(float32s(x), rows, columns))[0])
	want := orthogonal(t, x, rows, columns, 5)
	for row := range rows {
		var size, difference float64
		for i := row * columns; i < (row+1)*columns; i++ {
			size, difference = math.Hypot(size, want[i]), math.Hypot(difference, want[i]-float64(got[i]))
		}
		if !(difference < 3e-3*size) {
			t.Errorf("row %d: differs by %.2g of %.2g", row, difference, size)
		}
	}
}

// Matrices move along the orthogonal factor of their momentum by rate · 0.2 · √(longer side); vectors and what is kept move as with AdamW.
func TestMuonMovesMatricesAndAdamWTheRest(t *testing.T) {
	y := toy{matrix: []float32{.5, -1, 2, 0, .25, -.75}, vector: []float32{1, -2, 3}}
	adam := AdamW{Name: "test", Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}
	for why, kept := range map[string]bool{"the matrix is Muon's": false, "the matrix is kept from it": true} {
		t.Run(why, func(t *testing.T) {
			o := Muon{AdamW: adam}
			if kept {
				o.Kept = []string{"matrix"}
			}
			store := y.store(t)
			exec := graphtest.Compile(t, store, func(scope *model.Scope, in []*Node) []*Node {
				loss := y.loss(scope, in[0].Graph())
				return []*Node{o.Update(Variables(scope.At("net"), loss.Graph()), loss, in[0])}
			})
			n := len(y.matrix)
			x := flat(t, store, "/net/matrix", "/net/vector")
			m, v, mean := make([]float64, len(x)), make([]float64, len(x)), make([]float64, n)
			near := cmpopts.EquateApprox(1e-4, 1e-4)
			for step := 1; step <= 4; step++ {
				const rate = 0.1
				nesterov := make([]float64, n)
				for i := range nesterov {
					grad := curvature(i) * (x[i] - target(i))
					mean[i] = momentum*mean[i] + (1-momentum)*grad
					nesterov[i] = momentum*mean[i] + (1-momentum)*grad
				}
				before := append([]float64{}, x[:n]...)
				norm := adam.reference(x, m, v, step, rate, func(int) bool { return false })
				if !kept {
					for i, d := range orthogonal(t, nesterov, 2, 3, 5) {
						x[i] = before[i] - rate*0.2*math.Sqrt(3)*d
					}
				}
				got := graphtest.Call(t, exec, o.Coefficients(rate, step))[0].Value().(float32)
				if diff := cmp.Diff(norm, float64(got), near); diff != "" {
					t.Errorf("step %d: norm (-want +got):\n%s", step, diff)
				}
				if diff := cmp.Diff(x, flat(t, store, "/net/matrix", "/net/vector"), near); diff != "" {
					t.Errorf("step %d: weights (-want +got):\n%s", step, diff)
				}
			}
		})
	}
}

func TestMuonWithoutVariablesIsAnError(t *testing.T) {
	exec := graphtest.Compile(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{Muon{AdamW: AdamW{Name: "teacher"}}.Update(nil, ReduceAllSum(in[0]), in[0])}
	})
	if _, err := exec.Call([]float32{1, 1, 1}); err == nil || !strings.Contains(err.Error(), "teacher") {
		t.Errorf("error %v, want one that names the optimiser", err)
	}
}

func TestKeptMeansWholeParts(t *testing.T) {
	muon := Muon{Kept: []string{"conv_in", "conv_out"}}
	for path, want := range map[string]bool{
		"/teacher/conv_in/weight": true, "/teacher/conv_out/bias": true, "/teacher/mid_block/conv_inner/weight": false, "/teacher/conv_norm_out/weight": false,
	} {
		if got := muon.keeps(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
