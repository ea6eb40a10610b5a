package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// Over many draws, the intercept must stand far nearer to the distance of the distributions than FID does.
func TestFIDInfinityTakesTheBiasAway(t *testing.T) {
	const trials, d, n = 30, 12, 600
	zero := repeat(0, d)
	ref := gauss(zero, repeat(1, d))
	truth := must(FID(ref, gauss(repeat(.25, d), repeat(1, d)))) // d/16
	fids, intercepts := make([]float64, trials), make([]float64, trials)
	for i := range trials {
		gen := cloud(uint64(500+i), n, d, .25, 1)
		s := must(FIDInfinity(t.Context(), ref, gen, FIDInfinityPoints, 60, rand.New(rand.NewPCG(uint64(i), 7))))
		fids[i], intercepts[i] = s.FIDs[len(s.FIDs)-1], s.Intercept
		if s.Sizes[0] != 60 || s.Sizes[len(s.Sizes)-1] != n || len(s.Sizes) != FIDInfinityPoints {
			t.Fatalf("sizes = %v, want 15 from 60 to %d", s.Sizes, n)
		}
		near(t, "FID of the last size, that of all images", fids[i], must(FID(ref, must(NewStats(gen)))), 1e-10)
	}
	before, after := stat.Mean(fids, nil)-truth, stat.Mean(intercepts, nil)-truth
	t.Logf("bias of FID %.4f, of FID∞ %.4f", before, after)
	if math.Abs(after) > before/4 {
		t.Errorf("bias %g before, %g after, want it quartered at least", before, after)
	}
}

func TestFIDInfinityRepeatsBySeed(t *testing.T) {
	ref, gen := must(NewStats(cloud(1, 100, 4, 0, 1))), cloud(2, 100, 4, 0, 1)
	draw := func(seed uint64) float64 {
		return must(FIDInfinity(t.Context(), ref, gen, 5, 20, rand.New(rand.NewPCG(seed, 0)))).Intercept
	}
	if draw(1) != draw(1) || draw(1) == draw(2) {
		t.Errorf("intercepts of seeds 1, 1, 2 = %g, %g, %g, want two equal and one other", draw(1), draw(1), draw(2))
	}
}

func TestFIDInfinityErrors(t *testing.T) {
	ref, gen, r := gauss([]float64{0, 0}, []float64{1, 1}), cloud(2, 30, 2, 0, 1), rand.New(rand.NewPCG(1, 1))
	for _, c := range [][2]int{{2, 10}, {5, 1}, {5, 27}} {
		_, err := FIDInfinity(t.Context(), ref, gen, c[0], c[1], r)
		wantError(t, err, "to 30, the number of images")
	}
	_, err := FIDInfinity(t.Context(), gauss([]float64{0}, []float64{1}), gen, 5, 10, r)
	wantError(t, err, "dimensions = 1 and 2")
}
