package eval

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkFID times the statistics' route (n = 2d) and the features' route (n = d/2). d = 2048 takes some ten seconds and runs
// only when -benchtime is given, as in -bench FID/stats/d=2048 -benchtime 1x.
func BenchmarkFID(b *testing.B) {
	for _, d := range []int{128, 512, 2048} {
		for _, n := range []int{2 * d, d / 2} {
			route := "stats"
			if n < d {
				route = "features"
			}
			b.Run(fmt.Sprintf("%s/d=%d", route, d), func(b *testing.B) {
				if d > 512 && flag.Lookup("test.benchtime").Value.String() == "1s" {
					b.Skip("give -benchtime 1x to run it")
				}
				x, y := cloud(1, n, d, 0, 1), cloud(2, n, d, .1, 1)
				var sx, sy Stats
				if n > d {
					sx, sy = must(NewStats(x)), must(NewStats(y))
				}
				for b.Loop() {
					if n > d {
						must(FID(sx, sy))
					} else {
						must(FID(x, y))
					}
				}
			})
		}
	}
}

func BenchmarkNewStats(b *testing.B) {
	for _, d := range []int{128, 512, 2048} {
		b.Run(fmt.Sprintf("n=2000/d=%d", d), func(b *testing.B) {
			x := cloud(1, 2000, d, 0, 1)
			for b.Loop() {
				must(NewStats(x))
			}
		})
	}
}

func BenchmarkOthers(b *testing.B) {
	x, y := cloud(1, 1000, 384, 0, 1), cloud(2, 1000, 384, .1, 1)
	b.Run("KID/100x500", func(b *testing.B) {
		for b.Loop() {
			must(KID(b.Context(), x, y, KIDSubsets, 500, rand.New(rand.NewPCG(1, 1))))
		}
	})
	b.Run("PrecisionRecall", func(b *testing.B) {
		for b.Loop() {
			must(PrecisionRecall(b.Context(), x, y, PRNeighbours))
		}
	})
	b.Run("DensityCoverage", func(b *testing.B) {
		for b.Loop() {
			must(DensityCoverage(b.Context(), x, y, DCNeighbours))
		}
	})
}
