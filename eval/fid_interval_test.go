package eval

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// Many models' worth of generated images against one reference tell the true spread of FID and its bias; the jackknife must find both
// from one set of images, with more images than dimensions and with fewer.
func TestFIDJackknifeFindsSpreadAndBias(t *testing.T) {
	for name, c := range map[string]struct{ n, d int }{
		"more images than dimensions":  {120, 12},
		"fewer images than dimensions": {40, 48},
	} {
		t.Run(name, func(t *testing.T) {
			const trials = 150
			ref := cloud(20, 400, c.d, 0, 1)
			limit := must(FID(ref, cloud(21, 20000, c.d, .5, 1.3)))
			fids, corrected, stdErrs, covered := make([]float64, trials), make([]float64, trials), make([]float64, trials), 0.
			uncertain := make([]FIDUncertainty, trials)
			for i := range uncertain {
				u := must(FIDJackknife(t.Context(), ref, cloud(uint64(1000+i), c.n, c.d, .5, 1.3), 20, .95))
				uncertain[i], fids[i], corrected[i], stdErrs[i] = u, u.FID.Mean, u.Corrected.Mean, u.StdErr
			}
			mean, std := stat.MeanStdDev(fids, nil)
			for _, u := range uncertain {
				if u.FID.Low <= mean && mean <= u.FID.High {
					covered += 1. / trials
				}
			}
			t.Logf("FID %.3f ± %.3f, jackknife ± %.3f, coverage %.3f; infinite sample %.3f, corrected %.3f",
				mean, std, stat.Mean(stdErrs, nil), covered, limit, stat.Mean(corrected, nil))
			near(t, "jackknife error over true spread", stat.Mean(stdErrs, nil)/std, 1, .2)
			near(t, "coverage", covered, .95, .06)
			if before, after := math.Abs(mean-limit), math.Abs(stat.Mean(corrected, nil)-limit); after > before/2 {
				t.Errorf("bias %g before, %g after correction, want it at least halved", before, after)
			}
		})
	}
}

func TestFIDJackknifeErrors(t *testing.T) {
	f := cloud(1, 10, 2, 0, 1)
	for _, blocks := range []int{1, 6} {
		_, err := FIDJackknife(t.Context(), f, f, blocks, .95)
		wantError(t, err, "want 2 to 5")
	}
	_, err := FIDJackknife(t.Context(), f, f, 2, 1)
	wantError(t, err, "confidence = 1")
}
