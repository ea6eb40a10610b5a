package eval

import (
	"math"
	"slices"
	"testing"
)

// Blocks, rounding and doubt must not show: the answers are those of exact distances, also for points on a grid, where many
// distances are equal, for duplicates, and far from the origin, where products lose all digits.
func TestPairsDecideAsExactDistances(t *testing.T) {
	grid := func(seed uint64, n, d int, step float64) Features {
		f := cloud(seed, n, d, 0, 1)
		for i, v := range f.Data {
			f.Data[i] = float32(math.Round(float64(v)/step) * step)
		}
		return f
	}
	far := cloud(40, 70, 3, 0, 1e-3)
	for i := range far.Data {
		far.Data[i] += 1e4
	}
	lonely := cloud(41, 90, 3, 0, 1e-3)
	copy(lonely.Row(7), []float32{1e4, -1e4, 1e4})
	for name, c := range map[string][2]Features{
		"more than a block":     {cloud(42, pairColumns+70, 4, 0, 1), cloud(43, pairRows+3, 4, .3, 1)},
		"a grid":                {grid(44, 200, 2, .5), grid(45, 150, 2, .5)},
		"far from the origin":   {far, far},
		"one far from the rest": {lonely, cloud(46, 60, 3, 0, 1e-3)},
	} {
		t.Run(name, func(t *testing.T) {
			x, y := c[0], c[1]
			for _, k := range []int{1, 3} {
				got := must(squaredRadii(t.Context(), x, k))
				for i := range x.N {
					var all []float64
					for j := range x.N {
						if j != i {
							all = append(all, squaredDistance(x.Row(i), x.Row(j)))
						}
					}
					slices.Sort(all)
					if got[i] != all[k-1] {
						t.Fatalf("k = %d: radius of row %d = %g, want %g", k, i, got[i], all[k-1])
					}
				}
				var hits, balls float64
				for i := range y.N {
					hit := 0.
					for j := range x.N {
						d := squaredDistance(y.Row(i), x.Row(j))
						if d <= got[j] {
							hit = 1
						}
						if d < got[j] {
							balls++
						}
					}
					hits += hit
				}
				near(t, "precision", must(covered(t.Context(), y, x, k)), hits/float64(y.N), 1e-15)
				dc := must(DensityCoverage(t.Context(), x, y, k))
				near(t, "density", dc.Density, balls/float64(k*y.N), 1e-14)
				if want := coverageByNearest(x, y, got); dc.Coverage != want {
					t.Errorf("k = %d: coverage = %.17g, want %.17g", k, dc.Coverage, want)
				}
			}
		})
	}
}

// Another summation order stays within the bound that pairs promise.
func TestPairsKeepTheirBound(t *testing.T) {
	x, y := cloud(47, 60, 300, 3, 1), cloud(48, 50, 300, 3, 100)
	err := eachPair(t.Context(), x, y, func(p *pairs, i, at int, approx []float64) {
		for j, d := range approx {
			exact := squaredDistance(x.Row(i), y.Row(at+j))
			if slack := p.unit * (p.xx[i] + p.yy[at+j]); math.Abs(d-exact) > slack {
				t.Errorf("pair %d, %d: %g from the exact distance, want ≤ %g", i, at+j, math.Abs(d-exact), slack)
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// coverageByNearest asks for every ball whether the generated image nearest to its centre is inside.
func coverageByNearest(ref, gen Features, radii []float64) float64 {
	hits := 0.
	for i := range ref.N {
		nearest := math.Inf(1)
		for j := range gen.N {
			nearest = min(nearest, squaredDistance(ref.Row(i), gen.Row(j)))
		}
		if nearest < radii[i] {
			hits++
		}
	}
	return hits / float64(ref.N)
}
