package diffusion_test

import (
	"fmt"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
)

// Eight Gaussians on a ring, sampled with their exact denoiser: every sample lands on the ring.
func ExampleApply() {
	var (
		data     = diffusion.Ring(8, 1, 0.02)
		schedule = diffusion.Cosine{}
		r        = rng.New(0, "example", 0)
	)
	plan, err := diffusion.DPMSolverPP2M{}.Plan(schedule, 25)
	if err != nil {
		panic(err)
	}
	x := make([]float64, 2*100)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	x = diffusion.Apply(plan, x, func(x []float64, t float64) []float64 {
		alpha, sigma := schedule.AlphaSigma(t)
		return data.Denoise(x, alpha, sigma)
	}, nil)

	onRing := 0
	for i := 0; i < len(x); i += 2 {
		if r2 := x[i]*x[i] + x[i+1]*x[i+1]; 0.8 < r2 && r2 < 1.2 {
			onRing++
		}
	}
	fmt.Println(onRing, "of 100 samples on the ring")
	// Output: 100 of 100 samples on the ring
}
