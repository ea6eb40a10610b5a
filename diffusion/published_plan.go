package diffusion

import (
	"fmt"
	"math"
	"slices"
)

// Call is a step of a published scheduler. Its T is the timestep that the network is told, 0 for the first level of noise; Alpha and Sigma
// are the level of x then, and x is what the network sees.
type Call struct {
	Step
	Alpha, Sigma float64
}

// Plan lists the calls of the network, of which PNDM has one more than steps, and the factor of the standard normal noise that they begin with. x has the scale α²+σ² = 1 throughout; Euler's
// schedulers in diffusers keep x/α.
func (s Scheduler) Plan(steps int) (start float64, plan []Call, err error) {
	most := len(s.alphaBar)
	if s.Class == lcmClass {
		most = min(most, s.originalSteps)
	}
	if steps < 1 || steps > most {
		return 0, nil, fmt.Errorf("diffusion: steps = %d, want 1 to %d", steps, most)
	}
	times := s.timesteps(steps)
	if last := float64(len(s.alphaBar) - 1); slices.Max(times) > last || slices.Min(times) < 0 {
		return 0, nil, fmt.Errorf("diffusion: timesteps = %g … %g, want 0 to %g: fewer steps", times[0], times[steps-1], last)
	}
	levels := make(levelTable, len(times), len(times)+1)
	for i, t := range times {
		levels[i] = s.level(t)
	}
	if s.useKarras {
		levels = s.karras(times)
	}
	if s.Class == dpmClass || s.Class == uniPCClass { // a slope needs two levels
		for i, l := range levels[1:] {
			if l == levels[i] {
				return 0, nil, fmt.Errorf("diffusion: steps = %d, want fewer: timestep %g comes twice", steps, times[i])
			}
		}
	}
	end := level{1, 0}
	if s.sigmaMin && s.Class != eulerAncestralClass {
		end = s.level(0)
	}
	levels = append(levels, end)

	var all []Step
	switch s.Class {
	case ddimClass:
		all = s.ddim(times)
	case lcmClass:
		all = s.lcm(times)
	case pndmClass:
		all = s.plms(times, float64(len(s.alphaBar)/steps))
	case dpmClass:
		all = multistep(levels, levels.times(), s.eulerLast || s.lowerOrderLast && steps < 15)
	case uniPCClass:
		all = corrected(levels, multistep(levels, levels.times(), true))
	default:
		for i := range steps {
			if t, u := float64(i), float64(i+1); s.Class == eulerClass {
				all = append(all, firstOrder(levels, t, u))
			} else {
				all = append(all, ancestral(levels, t, u))
			}
		}
	}
	for i, step := range all {
		step.T = times[i]
		plan = append(plan, Call{step, levels[i].alpha, levels[i].sigma})
	}
	start = 1
	if (s.Class == eulerClass || s.Class == eulerAncestralClass) && s.spacing != "leading" {
		start = levels[0].sigma
	}
	return start, plan, nil
}

// timesteps falls; each is one that the network is told. PNDM is told the second one twice.
func (s Scheduler) timesteps(n int) []float64 {
	total, times := float64(len(s.alphaBar)), make([]float64, n)
	if s.Class == lcmClass { // an even choice of the steps that the model was distilled for
		for i := range times {
			k := s.originalSteps - i*s.originalSteps/n
			times[i] = float64(k*(len(s.alphaBar)/s.originalSteps) - 1)
		}
		return times
	}
	multi := 0 // the multistep solvers leave out the last of one more
	if s.Class == dpmClass || s.Class == uniPCClass {
		multi = 1
	}
	whole := s.Class != eulerClass && s.Class != eulerAncestralClass
	for i := range times {
		switch s.spacing {
		case "leading":
			times[i] = float64((n-1-i+multi)*(len(s.alphaBar)/(n+multi)) + s.offset)
		case "trailing":
			times[i] = math.RoundToEven(total-float64(i)*(total/float64(n))) - 1
		default:
			if gaps := float64(n + multi - 1); gaps > 0 {
				times[i] = (total - 1) * float64(n-1-i+multi) / gaps
			}
			if whole {
				times[i] = math.RoundToEven(times[i])
			}
		}
	}
	if s.Class == pndmClass && n > 1 {
		times = slices.Insert(times, 1, times[1])
	}
	return times
}

// level is that of a timestep. Between two of them σ/α is interpolated.
func (s Scheduler) level(t float64) level {
	ratio := func(i int) float64 { return math.Sqrt((1 - s.alphaBar[i]) / s.alphaBar[i]) }
	i := int(t)
	if float64(i) == t {
		return level{math.Sqrt(s.alphaBar[i]), math.Sqrt(1 - s.alphaBar[i])}
	}
	frac := t - float64(i)
	r := (1-frac)*ratio(i) + frac*ratio(i+1)
	alpha := 1 / math.Sqrt(1+r*r)
	return level{alpha, r * alpha}
}

// ddim goes down by an even number of timesteps from each, whichever comes next.
func (s Scheduler) ddim(times []float64) (all []Step) {
	for _, t := range times {
		end := level{1, 0}
		if u := t - float64(len(s.alphaBar)/len(times)); u >= 0 {
			end = s.level(u)
		} else if !s.alphaToOne {
			end = s.level(0)
		}
		all = append(all, firstOrder(levelTable{s.level(t), end}, 0, 1))
	}
	return all
}

// lcm is multistep consistency sampling (latent consistency models 2310.04378 algorithm 3) with the boundary condition f(x, t) =
// c_skip·x + c_out·x̂₀, where t is scaled and σ_data = ½.
func (s Scheduler) lcm(times []float64) (all []Step) {
	for i, t := range times {
		scaled, next := s.scaling*t, level{1, 0}
		if i+1 < len(times) {
			next = s.level(times[i+1])
		}
		skip := 0.25 / (scaled*scaled + 0.25)
		out := scaled / math.Sqrt(scaled*scaled+0.25)
		all = append(all, Step{X: next.alpha * skip, X0: next.alpha * out, Noise: next.sigma})
	}
	return all
}

type level struct{ alpha, sigma float64 }

// levelTable is a schedule whose times are the indices of its levels.
type levelTable []level

var _ Schedule = levelTable{}

func (levelTable) Name() string { return "table" }

func (l levelTable) AlphaSigma(t float64) (alpha, sigma float64) {
	return l[int(t)].alpha, l[int(t)].sigma
}

func (l levelTable) times() []float64 {
	times := make([]float64, len(l))
	for i := range times {
		times[i] = float64(i)
	}
	return times
}
