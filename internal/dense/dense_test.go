package dense

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// random is a matrix whose rows stand further apart than they are long.
func random(seed uint64, rows, cols int) blas64.General {
	r := rand.New(rand.NewPCG(seed, 0))
	a := blas64.General{Rows: rows, Cols: cols, Stride: cols + 3, Data: make([]float64, rows*(cols+3))}
	for i := range a.Data {
		a.Data[i] = r.NormFloat64()
	}
	return a
}

func dense(a blas64.General) *mat.Dense {
	var d mat.Dense
	d.SetRawMatrix(a)
	return &d
}

func clone(a blas64.General) blas64.General {
	a.Data = slices.Clone(a.Data)
	return a
}

// eachKernel runs a test with every kernel of this processor.
func eachKernel(t *testing.T, test func(t *testing.T, kr kernel)) {
	for _, kr := range available() {
		t.Run(kr.name, func(t *testing.T) { test(t, kr) })
	}
}

// Sizes stand around the tiles' and blocks' edges, layouts are all four, and what lies beside C must stay.
func TestProductsEqualGonum(t *testing.T) {
	eachKernel(t, func(t *testing.T, kr kernel) {
		for _, c := range [][3]int{{1, 1, 1}, {3, 5, 2}, {8, 16, 7}, {9, 17, 64}, {32, 129, 70}, {129, 33, 65}, {257, 513, 40}, {130, 50, 257}, {300, 40, 600}} {
			m, n, k := c[0], c[1], c[2]
			for layout := range 4 {
				a, b := random(1, m, k), random(2, k, n)
				va, vb := general(a), general(b)
				if layout&1 != 0 {
					a = random(3, k, m)
					va = general(a).t()
				}
				if layout&2 != 0 {
					b = random(4, n, k)
					vb = general(b).t()
				}
				got, want := random(5, m, n), random(5, m, n)
				kr.addProduct(-.5, va, vb, general(got), m, n, k, full)
				da, db := mat.Matrix(dense(a)), mat.Matrix(dense(b))
				if layout&1 != 0 {
					da = da.T()
				}
				if layout&2 != 0 {
					db = db.T()
				}
				var ab mat.Dense
				ab.Mul(da, db)
				ab.Scale(-.5, &ab)
				ab.Add(&ab, dense(want))
				if !mat.EqualApprox(dense(got), &ab, 1e-12*math.Sqrt(float64(k))) {
					t.Errorf("[%d,%d]·[%d,%d], layout %d differs from gonum's", m, k, k, n, layout)
				}
				for i := range m {
					if !slices.Equal(got.Data[i*got.Stride+n:(i+1)*got.Stride], want.Data[i*got.Stride+n:(i+1)*got.Stride]) {
						t.Errorf("[%d,%d]: wrote beside row %d", m, n, i)
					}
				}
			}
		}
	})
}

func TestPartsOfProducts(t *testing.T) {
	for _, n := range []int{5, 40, 300, 700} {
		x := random(6, 90, n)
		c := blas64.General{Rows: n, Cols: n, Stride: n, Data: make([]float64, n*n)}
		AddGram(c, x)
		var want mat.Dense
		want.Mul(dense(x).T(), dense(x))
		for i := range n {
			for j := i; j < n; j++ {
				if math.Abs(c.Data[i*n+j]-want.At(i, j)) > 1e-11 {
					t.Fatalf("XᵀX[%d,%d] = %g, want %g", i, j, c.Data[i*n+j], want.At(i, j))
				}
			}
		}

		a, b := random(7, min(n, 290), n), random(8, n, 77)
		for i := range a.Rows {
			clear(a.Data[i*a.Stride : i*a.Stride+i])
		}
		want.Reset()
		want.Mul(dense(a), dense(b))
		if !mat.EqualApprox(dense(TriangularProduct(a, b)), &want, 1e-11) {
			t.Errorf("triangular product of %d differs from gonum's", n)
		}
	}
}

func TestSingularValuesEqualGonum(t *testing.T) {
	eachKernel(t, func(t *testing.T, kr kernel) {
		for _, c := range [][2]int{{1, 1}, {2, 2}, {5, 3}, {3, 5}, {31, 31}, {32, 32}, {33, 33}, {65, 64}, {97, 95}, {130, 40}, {40, 130}, {1, 9}, {200, 200}} {
			a := random(9, c[0], c[1])
			var svd mat.SVD
			svd.Factorize(dense(a), mat.SVDNone)
			got, ok := kr.singularValues(clone(a))
			for i, want := range svd.Values(nil) {
				if !ok || math.Abs(got[i]-want) > 1e-13*float64(c[0]+c[1]) {
					t.Fatalf("%v: singular value %d = %.15g, want %.15g", c, i, got[i], want)
				}
			}
		}
	})
}

// A matrix made from known values and random rotations must give them back to the rounding of the largest.
func TestSingularValuesOfKnownMatrices(t *testing.T) {
	const n = 150
	q := func(seed uint64) *mat.Dense {
		var qr mat.QR
		qr.Factorize(dense(random(seed, n, n)))
		var q mat.Dense
		qr.QTo(&q)
		return &q
	}
	for name, value := range map[string]func(i int) float64{
		"all one":                    func(int) float64 { return 1 },
		"16 decades":                 func(i int) float64 { return math.Pow(10, -16*float64(i)/(n-1)) },
		"rank 7":                     func(i int) float64 { return max(0, float64(7-i)) },
		"pairs":                      func(i int) float64 { return float64(n - i/2*2) },
		"zero":                       func(int) float64 { return 0 },
		"one large among small ones": func(i int) float64 { return math.Max(1e-8, float64(1-i)) },
	} {
		t.Run(name, func(t *testing.T) {
			values := make([]float64, n)
			for i := range values {
				values[i] = value(i)
			}
			var a mat.Dense
			a.Product(q(10), mat.NewDiagDense(n, values), q(11).T())
			got, ok := SingularValues(a.RawMatrix())
			for i, want := range values {
				if !ok || math.Abs(got[i]-want) > 2e-14*values[0] {
					t.Fatalf("value %d = %.17g, want %.17g", i, got[i], want)
				}
			}
		})
	}
}

func TestCoresDoNotShow(t *testing.T) {
	run := func(cores int) []float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		values, _ := SingularValues(Product(random(12, 300, 400), random(13, 310, 400)))
		return values
	}
	if one, many := run(1), run(4); !slices.Equal(one, many) {
		t.Error("one core and four give different bits")
	}
}

func TestWhatIsNotFiniteIsRefused(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(-1)} {
		a := random(14, 20, 30)
		a.Data[7*a.Stride+3] = v
		if values, ok := SingularValues(a); ok {
			t.Errorf("singular values of a matrix with %v = %v, want none", v, values)
		}
	}
}

func BenchmarkSingularValues(b *testing.B) {
	for _, n := range []int{512, 1024, 2048} {
		a := random(1, n, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				c := New(n, n)
				dense(c).Copy(dense(a))
				if _, ok := SingularValues(c); !ok {
					b.Fatal("no convergence")
				}
			}
		})
	}
}

func BenchmarkProduct(b *testing.B) {
	for _, n := range []int{512, 2048} {
		x, y := random(1, n, n), random(2, n, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				Product(x, y)
			}
			b.ReportMetric(2*float64(n)*float64(n)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

// a[order,order] must be UᵀU again, the order must be a permutation, the pivots must fall, and the rank be that of the rows.
func TestCholeskyGivesTheMatrixBack(t *testing.T) {
	eachKernel(t, func(t *testing.T, kr kernel) {
		for _, c := range [][2]int{{1, 1}, {5, 3}, {200, 63}, {200, 64}, {200, 65}, {400, 300}, {7, 90}, {100, 150}} {
			rows, n := c[0], c[1]
			x := random(15, rows, n)
			a := New(n, n)
			AddGram(a, x)
			var want mat.Dense
			want.Mul(dense(x).T(), dense(x))
			u, order := kr.cholesky(a)
			if u.Rows != min(rows, n) {
				t.Errorf("%v: rank %d, want %d", c, u.Rows, min(rows, n))
			}
			if sorted := slices.Sorted(slices.Values(order)); sorted[0] != 0 || len(slices.Compact(sorted)) != n || sorted[n-1] != n-1 {
				t.Errorf("%v: order %v is no permutation", c, order)
			}
			var got mat.Dense
			got.Mul(dense(u).T(), dense(u))
			for i := range n {
				for j := range n {
					if math.Abs(got.At(i, j)-want.At(order[i], order[j])) > 1e-12*float64(rows) {
						t.Fatalf("%v: UᵀU[%d,%d] = %g, want %g", c, i, j, got.At(i, j), want.At(order[i], order[j]))
					}
				}
				if 0 < i && i < u.Rows && u.Data[i*u.Stride+i] > u.Data[(i-1)*u.Stride+i-1]*(1+1e-9) {
					t.Errorf("%v: pivot %d is larger than the one before", c, i)
				}
			}
		}
	})
}

func TestCholeskyOfWhatIsNotPositive(t *testing.T) {
	for name, c := range map[string]struct {
		diagonal []float64
		rank     int
	}{
		"nothing":            {[]float64{0, 0}, 0},
		"negative variances": {[]float64{-1, -2}, 0},
		"one of each sign":   {[]float64{-1, 4}, 1},
		"a NaN":              {[]float64{math.NaN(), math.NaN()}, 0},
	} {
		a := New(2, 2)
		a.Data[0], a.Data[a.Stride+1] = c.diagonal[0], c.diagonal[1]
		if u, _ := Cholesky(a); u.Rows != c.rank {
			t.Errorf("%s: rank %d, want %d", name, u.Rows, c.rank)
		}
	}
}
