package diffusion

import (
	"testing"

	"gonum.org/v1/gonum/floats"
)

// The corrector asks no more of the denoiser, and what it adds brings the end points nearer, whatever the number of steps.
func TestUniPCIsNearerThanItsPredictor(t *testing.T) {
	s := Cosine{}
	reference := solveToy(t, s, UniPC{Grid: GridLogSNR}, 4000)
	for _, steps := range []int{3, 4, 5, 8, 10, 15, 25, 50} {
		predictor := floats.Distance(solveToy(t, s, DPMSolverPP2M{}, steps), reference, 2)
		corrected := floats.Distance(solveToy(t, s, UniPC{}, steps), reference, 2)
		if !(corrected < predictor) {
			t.Errorf("%d steps: error %.3g, of the predictor alone %.3g, want less", steps, corrected, predictor)
		}
	}
}

// The first step comes out of pure noise, where λ is infinite, and is as long on every grid. Corrected it is of second order in e^λ of
// where it ends: EDM's grid, whose first step ends at σ/α = 80, and that of equal λ, where it is 637, come to the same points.
func TestUniPCCorrectsTheStepOutOfPureNoise(t *testing.T) {
	s := Cosine{}
	apart := func(of func(Grid) Sampler) float64 {
		return floats.Distance(solveToy(t, s, of(GridKarras), 2000), solveToy(t, s, of(GridLogSNR), 2000), 2)
	}
	predicted := apart(func(g Grid) Sampler { return DPMSolverPP2M{Grid: g} })
	corrected := apart(func(g Grid) Sampler { return UniPC{Grid: g} })
	if !(corrected < predicted/20) {
		t.Errorf("two grids end %.3g apart, without the corrector %.3g, want less than a 20th", corrected, predicted)
	}
}
