package eval

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// spec says how features are generated, here and in testdata/parity.py alike.
type spec struct {
	Seed  uint64
	N, D  int
	Kind  string
	Shift float64
}

// features are dyadic numbers from a linear congruential generator, exact in float32.
func (s spec) features() Features {
	f := Features{N: s.N, D: s.D, Data: make([]float32, s.N*s.D)}
	state, u := s.Seed, make([]float64, s.D+1)
	for i := range s.N {
		for j := range u {
			state = state*6364136223846793005 + 1442695040888963407
			u[j] = float64(state>>48) / (1 << 16)
		}
		for j := range s.D {
			f.Row(i)[j] = float32((u[j+1]+u[j]/2)*math.Pow(.5, float64(j%5)) + s.Shift)
		}
	}
	for i := range s.N {
		row := f.Row(i)
		switch s.Kind {
		case "constant":
			copy(row, f.Row(0))
		case "columns twice":
			copy(row[s.D/2:], row[:s.D-s.D/2])
		case "rows twice":
			if i >= s.N/2 {
				copy(row, f.Row(i-s.N/2))
			}
		case "logits":
			for j := range row {
				row[j] *= 8
			}
		}
	}
	return f
}

// parity holds what testdata/parity.py got from the reference tools, by their names; null where a tool has no number.
type parity struct {
	Cases []struct {
		Name           string
		Ref, Gen       spec
		FID, KID, CMMD map[string]*float64
		Neighbours     map[string]struct{ Precision, Recall, Density, Coverage float64 }
	}
	Line struct {
		X, Y                     []float64
		Intercept, Slope, StdErr float64
	}
	Inception []struct {
		Name      string
		Logits    spec
		Splits    int
		Mean, Std float64
	}
}

func readParity(t *testing.T) (p parity) {
	t.Helper()
	data, err := os.ReadFile("testdata/parity.json")
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Cases) < 13 || len(p.Inception) < 5 {
		t.Fatalf("parity.json has %d and %d cases, want all of parity.py's", len(p.Cases), len(p.Inception))
	}
	return p
}

// agree wants every tool's number to 1e-6 relative, or to the rounding of the parts that it is the difference of, and a clear error
// where no tool has a number.
func agree(t *testing.T, metric string, tools map[string]*float64, rounding float64, got float64, err error) {
	t.Helper()
	numbers := 0
	for tool, want := range tools {
		if want == nil {
			continue
		}
		numbers++
		if err != nil || math.Abs(got-*want) > math.Max(1e-6*math.Abs(*want), rounding) {
			t.Errorf("%s = %.15g, %v, want %.15g as %s has", metric, got, err, *want, tool)
		}
	}
	if len(tools) > 0 && numbers == 0 {
		wantError(t, err, "image")
	}
}

func TestParityWithReferenceTools(t *testing.T) {
	for _, c := range readParity(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			ref, gen := c.Ref.features(), c.Gen.features()
			a, b := must(NewStats(ref)), must(NewStats(gen))
			// The tools take square roots of eigenvalues that are zero but for rounding: √ε of the traces is theirs.
			rounding := 1.5e-8 * (trace(a) + trace(b))
			fid, err := FID(ref, gen)
			agree(t, "FIDFeatures", c.FID, rounding, fid, err)
			fid, err = FID(a, b)
			agree(t, "FID", c.FID, rounding, fid, err)
			if exact := c.FID["exact"]; exact != nil {
				near(t, "FID against 50 digits", fid, *exact, 1e-13*(1+trace(a)+trace(b)))
			}

			_, err = KID(t.Context(), ref, gen, 1, min(ref.N, gen.N), rand.New(rand.NewPCG(1, 1)))
			agree(t, "KID", c.KID, 1e-12, mmd2(ref, gen), err)
			cmmd, err := CMMD(t.Context(), ref, gen, 0)
			agree(t, "CMMD", c.CMMD, 1e-9, cmmd.Value, err)

			for tool, want := range c.Neighbours {
				pr, dc := must(PrecisionRecall(t.Context(), ref, gen, PRNeighbours)), must(DensityCoverage(t.Context(), ref, gen, DCNeighbours))
				near(t, "precision of "+tool, pr.Precision, want.Precision, 1e-7) // torch-fidelity's is float32
				near(t, "recall of "+tool, pr.Recall, want.Recall, 1e-7)
				near(t, "density of "+tool, dc.Density, want.Density, 1e-12)
				near(t, "coverage of "+tool, dc.Coverage, want.Coverage, 1e-12)
			}
			if c.Neighbours == nil {
				_, err := PrecisionRecall(t.Context(), ref, gen, PRNeighbours)
				wantError(t, err, "k = 3, want")
			}
		})
	}
}

func TestParityOfInceptionScore(t *testing.T) {
	for _, c := range readParity(t).Inception {
		got := must(InceptionScore(c.Logits.features(), c.Splits))
		near(t, fmt.Sprintf("mean of %s", c.Name), got.Mean, c.Mean, 1e-12)
		near(t, fmt.Sprintf("std of %s", c.Name), got.Std, c.Std, 1e-12)
	}
}

func TestParityOfTheLine(t *testing.T) {
	want := readParity(t).Line
	intercept, slope, stdErr := leastSquares(want.X, want.Y)
	near(t, "intercept", intercept, want.Intercept, 1e-12)
	near(t, "slope", slope, want.Slope, 1e-12)
	near(t, "standard error", stdErr, want.StdErr, 1e-12)
}
