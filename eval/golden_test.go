package eval

import (
	"encoding/json"
	"os"
	"testing"
)

// table is a matrix in golden.json.
type table [][]float32

func (rows table) features() Features {
	f := Features{N: len(rows), D: len(rows[0])}
	for _, row := range rows {
		f.Data = append(f.Data, row...)
	}
	return f
}

// golden holds what testdata/golden.py computed with numpy, scipy, mpmath, prdc and torch-fidelity; the file names their versions.
type golden struct {
	FID []struct {
		Name          string
		A, B          table
		Exact         float64 // 60 digits
		TorchFidelity float64 `json:"torch_fidelity"`
	}
	KID struct {
		Ref, Gen        table
		Draws           [][2][]int
		Mean, Std, MMD2 float64
	}
	Neighbours struct {
		Ref, Gen                             table
		Precision, Recall, Density, Coverage float64
	}
	Welch []struct {
		A, B         []float64
		P, Low, High float64
	}
	T []struct {
		X                     []float64
		Confidence, Low, High float64
	}
	Rate []struct {
		Hits, N               int
		Confidence, Low, High float64
	}
}

func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}

	for _, c := range g.FID {
		t.Run("FID "+c.Name, func(t *testing.T) {
			a, b := c.A.features(), c.B.features()
			near(t, "FIDFeatures", must(FID(a, b)), c.Exact, 1e-13)
			near(t, "FID", must(FID(must(NewStats(a)), must(NewStats(b)))), c.Exact, 1e-12)
			// The reference itself is 1.4e-8 from the exact value where a covariance is singular.
			near(t, "FID against torch-fidelity", must(FID(a, b)), c.TorchFidelity, 3e-8)
		})
	}
	t.Run("KID", func(t *testing.T) {
		ref, gen := g.KID.Ref.features(), g.KID.Gen.features()
		near(t, "MMD2", mmd2(ref, gen), g.KID.MMD2, 1e-12)
		var values []float64
		for _, d := range g.KID.Draws {
			values = append(values, mmd2(ref.Subset(d[0]), gen.Subset(d[1])))
		}
		got := newKIDScore(values, len(g.KID.Draws[0][0]))
		near(t, "mean", got.Mean, g.KID.Mean, 1e-12)
		near(t, "std", got.Std, g.KID.Std, 1e-12)
	})
	t.Run("neighbours", func(t *testing.T) {
		ref, gen := g.Neighbours.Ref.features(), g.Neighbours.Gen.features()
		pr, dc := must(PrecisionRecall(t.Context(), ref, gen, PRNeighbours)), must(DensityCoverage(t.Context(), ref, gen, DCNeighbours))
		near(t, "precision", pr.Precision, g.Neighbours.Precision, 1e-15)
		near(t, "recall", pr.Recall, g.Neighbours.Recall, 1e-15)
		near(t, "density", dc.Density, g.Neighbours.Density, 1e-15)
		near(t, "coverage", dc.Coverage, g.Neighbours.Coverage, 1e-15)
	})
	for _, c := range g.Welch {
		got := must(Welch(c.A, c.B, .95))
		near(t, "Welch p, relative", got.P/c.P, 1, 1e-9)
		near(t, "Welch low", got.Difference.Low, c.Low, 1e-10)
		near(t, "Welch high", got.Difference.High, c.High, 1e-10)
	}
	for _, c := range g.T {
		got := must(TInterval(c.X, c.Confidence))
		near(t, "t low", got.Low, c.Low, 1e-10)
		near(t, "t high", got.High, c.High, 1e-10)
	}
	for _, c := range g.Rate {
		got := must(RateInterval(c.Hits, c.N, c.Confidence))
		near(t, "Wilson low", got.Low, c.Low, 1e-12)
		near(t, "Wilson high", got.High, c.High, 1e-12)
	}
}
