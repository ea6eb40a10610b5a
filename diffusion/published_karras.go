package diffusion

import (
	"math"
	"sort"
)

// karras replaces times by those whose σ/α are even in (σ/α)^(1/7) (EDM eq. 5), and gives their levels. Euler keeps the first and the last
// of its times; the multistep solvers begin at the last timestep, end at the first and round.
func (s Scheduler) karras(times []float64) (levels levelTable) {
	ratio := func(l level) float64 { return l.sigma / l.alpha }
	first, last := ratio(s.level(times[0])), ratio(s.level(times[len(times)-1]))
	if s.Class != eulerClass {
		first, last = ratio(s.level(float64(len(s.alphaBar)-1))), ratio(s.level(0))
	}
	root := func(x float64) float64 { return math.Pow(x, 1./karrasPower) }
	for i := range times {
		r := first
		if i > 0 {
			r = math.Pow(root(first)+(root(last)-root(first))*float64(i)/float64(len(times)-1), karrasPower)
		}
		if times[i] = s.timeOf(r); s.Class != eulerClass {
			times[i] = math.RoundToEven(times[i])
		}
		alpha := 1 / math.Sqrt(1+r*r)
		levels = append(levels, level{alpha, r * alpha})
	}
	return levels
}

// timeOf is the timestep at which σ/α is r. Between two of them its logarithm is interpolated.
func (s Scheduler) timeOf(r float64) float64 {
	log := func(i int) float64 { return math.Log((1-s.alphaBar[i])/s.alphaBar[i]) / 2 }
	above := sort.Search(len(s.alphaBar), func(i int) bool { return log(i) > math.Log(r) })
	i := min(max(above-1, 0), len(s.alphaBar)-2)
	return float64(i) + min(max((math.Log(r)-log(i))/(log(i+1)-log(i)), 0), 1)
}
