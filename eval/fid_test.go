package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestFIDClosedForms(t *testing.T) {
	const d = 64
	r := rand.New(rand.NewPCG(4, 4))
	random := func() []float64 {
		x := make([]float64, d)
		for i := range x {
			x[i] = r.ExpFloat64()
		}
		return x
	}
	m1, m2, v1, v2 := random(), random(), random(), random()
	var diagonal float64
	for i := range m1 {
		diagonal += math.Pow(m1[i]-m2[i], 2) + math.Pow(math.Sqrt(v1[i])-math.Sqrt(v2[i]), 2)
	}
	left, right := repeat(0, d), repeat(0, d)
	for i := range d / 2 {
		left[i], right[d-1-i] = 2, 3
	}
	zero, one := repeat(0, d), repeat(1, d)
	for name, c := range map[string]struct {
		a, b Stats
		want float64
	}{
		"means 0 and 1 are d apart":                          {gauss(zero, one), gauss(one, one), d},
		"N(0,I) to N(0,s²I) is d(s−1)²":                      {gauss(zero, one), gauss(zero, repeat(9, d)), d * 4},
		"diagonal covariances: Σ(√a−√b)²":                    {gauss(m1, v1), gauss(m2, v2), diagonal},
		"tiny variances keep their digits":                   {gauss(zero, repeat(1e-20, d)), gauss(zero, repeat(4e-20, d)), d * 1e-20},
		"disjoint supports: only the traces":                 {gauss(zero, left), gauss(zero, right), d/2*2 + d/2*3},
		"half the directions missing on one side":            {gauss(zero, left), gauss(zero, repeat(2, d)), d / 2 * 2},
		"a point to a Gaussian: its trace":                   {gauss(zero, zero), gauss(zero, one), d},
		"a point to a point: the distance of means":          {gauss(zero, zero), gauss(one, zero), d},
		"eigenvalues over 16 orders, against itself":         {gauss(zero, decades(d)), gauss(zero, decades(d)), 0},
		"eigenvalues over 16 orders, against its double (σ)": {gauss(zero, decades(d)), gauss(zero, scaled(4, decades(d))), sum(decades(d))},
	} {
		t.Run(name, func(t *testing.T) {
			// Rotating both leaves the distance as it is and hides that the covariances are diagonal.
			for _, q := range []*mat.Dense{nil, orthogonal(d)} {
				a, b := rotate(q, c.a), rotate(q, c.b)
				ab, ba := must(FID(a, b)), must(FID(b, a))
				if math.Abs(ab-c.want) > 1e-12*(c.want+trace(a)+trace(b)) || math.Abs(ab-ba) > 1e-12*(trace(a)+trace(b)) {
					t.Errorf("rotated %v: FID = %.15g, exchanged %.15g, want %.15g", q != nil, ab, ba, c.want)
				}
			}
		})
	}
}

func TestFIDOfItselfIsZero(t *testing.T) {
	for name, f := range map[string]Features{
		"more images than dimensions":   cloud(5, 300, 20, 1, 3),
		"as many images as dimensions":  cloud(6, 20, 20, 1, 3),
		"one more image":                cloud(7, 21, 20, 1, 3),
		"fewer images than dimensions":  cloud(8, 7, 20, 1, 3),
		"two images":                    cloud(9, 2, 20, 1, 3),
		"one image repeated":            cloud(9, 1, 20, 1, 3).Subset(make([]int, 50)),
		"one image repeated, few times": cloud(9, 1, 20, 1, 3).Subset(make([]int, 5)),
		"all images twice, full width":  cloud(9, 15, 20, 1, 3).Subset(append(upTo(15), upTo(15)...)),
	} {
		t.Run(name, func(t *testing.T) {
			s := must(NewStats(f))
			scale := 1e-13 * (1 + 2*trace(s))
			near(t, "FIDFeatures", must(FID(f, f)), 0, scale)
			near(t, "FID", must(FID(s, s)), 0, scale)
		})
	}
}

func TestFIDErrors(t *testing.T) {
	ok := gauss([]float64{0, 0}, []float64{1, 1})
	nan := gauss([]float64{0, 0}, []float64{1, math.NaN()})
	huge := gauss([]float64{0, 0}, []float64{1e308, 1e308})
	for name, c := range map[string]struct {
		a, b Stats
		want string
	}{
		"dimensions differ":        {ok, gauss([]float64{0}, []float64{1}), "dimensions = 2 and 1"},
		"NaN is named":             {ok, nan, "Cov[1,1] = NaN"},
		"no covariance":            {Stats{Mean: []float64{1}}, ok, "want ≥ 1 and a Cov"},
		"one image":                {must(NewStats(cloud(1, 1, 2, 0, 1))), ok, "at least 2 images"},
		"a negative variance":      {gauss([]float64{0, 0}, []float64{1, -.5}), ok, "positive semi-definite"},
		"only negative variances":  {gauss([]float64{0, 0}, []float64{-1, -1}), ok, "positive semi-definite"},
		"a correlation beyond one": {Stats{Mean: []float64{0, 0}, Cov: mat.NewSymDense(2, []float64{1, 2, 2, 1})}, ok, "positive semi-definite"},
		"overflow":                 {huge, huge, "FID"},
	} {
		t.Run(name, func(t *testing.T) {
			fid, err := FID(c.a, c.b)
			wantError(t, err, c.want)
			if fid != 0 {
				t.Errorf("FID = %v beside an error", fid)
			}
		})
	}
	_, err := FID(cloud(1, 1, 2, 0, 1), cloud(1, 5, 2, 0, 1))
	wantError(t, err, "at least 2 images")
	_, err = FID(cloud(1, 5, 2, 0, 1), Features{2, 2, []float32{0, 0, float32(math.NaN()), 0}})
	wantError(t, err, "row 1, column 0 = NaN")
}
