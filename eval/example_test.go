package eval_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/addlab/addlab/eval"
)

func Example() {
	// Two clouds of features one unit apart in each of 8 dimensions: their Gaussians have FID 8.
	r := rand.New(rand.NewPCG(1, 1))
	cloud := func(n int, mean float64) eval.Features {
		f := eval.Features{N: n, D: 8}
		for range n * f.D {
			f.Data = append(f.Data, float32(mean+r.NormFloat64()))
		}
		return f
	}
	fid, err := eval.FIDJackknife(context.Background(), cloud(2000, 0), cloud(1000, 1), eval.FIDBlocks, 0.95)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("FID %.1f [%.1f, %.1f], n = %d\n", fid.FID.Mean, fid.FID.Low, fid.FID.High, fid.FID.N)

	// Three seeds of one cell against three of another.
	c, err := eval.Welch([]float64{20.4, 20.9, 20.6}, []float64{18.8, 19.4, 19.0}, 0.95)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("difference %.2f [%.2f, %.2f], p = %.3f\n", c.Difference.Mean, c.Difference.Low, c.Difference.High, c.P)
	// Output:
	// FID 7.9 [7.6, 8.2], n = 1000
	// difference -1.57 [-2.21, -0.92], p = 0.003
}
