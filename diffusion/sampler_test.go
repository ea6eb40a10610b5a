package diffusion

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/internal/rng"
)

// allSamplers adds the options to the defaults.
func allSamplers() []Sampler {
	return append(Samplers(), DDIM{Grid: GridLogSNR}, DPMSolverPP2M{Grid: GridLogSNR}, UniPC{Grid: GridLogSNR}, Euler{Grid: GridTime}, Heun{Grid: GridLogSNR},
		EulerAncestral{Grid: GridLogSNR},
		FewStep{Times: []float64{1, 0.9, 0.8, 0.7}, Form: Ancestral},
		FewStep{Times: []float64{0.95, 0.75, 0.5, 0.25}, Form: Renoise}, FewStep{Times: []float64{0.95, 0.75, 0.5, 0.25}, Form: Ancestral})
}

// Told the true x₀, every step takes x_t = α x₀ + σ ε to the marginal of the next time: X·α + X0 + ΣPrev = α′,
// (X·σ)² + Noise² = σ′². The last step arrives at x₀. Told a first time below 1, the first step still starts from pure noise.
func TestStepsKeepTheMarginals(t *testing.T) {
	for _, s := range Schedules() {
		for _, sampler := range allSamplers() {
			for _, steps := range []int{1, 2, 3, 4, 25} {
				if _, few := sampler.(FewStep); few && steps > 4 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%d", s.Name(), sampler.Name(), steps), func(t *testing.T) {
					plan, err := sampler.Plan(s, steps)
					if err != nil {
						t.Fatal(err)
					}
					first := 1.0
					if few, ok := sampler.(FewStep); ok && few.Times != nil {
						first = few.Times[0]
					}
					if len(plan) != steps || plan[0].T != first || plan[0].Prev != ([History]float64{}) || steps > 1 && plan[1].Prev[1] != 0 || plan[steps-1].Noise != 0 {
						t.Errorf("plan = %v, want %d steps from t = %g, no x̂₀ of steps that were not, no noise at last", plan, steps, first)
					}
					for i, step := range plan {
						next := 0.0
						if i+1 < steps {
							next = plan[i+1].T
						}
						alpha, sigma := s.AlphaSigma(step.T)
						if i == 0 && step.T < 1 {
							alpha, sigma = 0, 1
						}
						alphaNext, sigmaNext := s.AlphaSigma(next)
						near(t, "signal", step.X*alpha+step.X0+floats.Sum(step.Prev[:]), alphaNext, 1e-12)
						near(t, "noise", math.Hypot(step.X*sigma, step.Noise), sigmaNext, 1e-12)
					}
				})
			}
		}
	}
}

// solveToy runs a deterministic sampler on the toy's probability-flow ODE from 16 fixed points.
func solveToy(t *testing.T, s Schedule, sampler Sampler, steps int) []float64 {
	t.Helper()
	r, x := rng.New(7, "start", 0), make([]float64, 32)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	end, err := twoModes.Solve(s, sampler, steps, x)
	if err != nil {
		t.Fatal(err)
	}
	return end
}

// The slope of log error against log step size is the order of the solver, in steps of equal λ as the papers prove it, and on EDM's grid.
func TestSamplersHaveTheirOrder(t *testing.T) {
	measured := map[string]bool{EulerAncestral{}.Name(): true} // which solves no ODE; see TestEulerApproachesGaussianMarginals
	for _, s := range Schedules() {
		for _, test := range []struct {
			sampler Sampler
			order   float64
			exact   Sampler // goes out of pure noise in the same way, which more steps do not change
			steps   []int
		}{
			{DDIM{Grid: GridLogSNR}, 1, DPMSolverPP2M{Grid: GridLogSNR}, []int{50, 100, 200, 400}},
			{Euler{}, 1, DPMSolverPP2M{Grid: GridKarras}, []int{50, 100, 200, 400}},
			{DPMSolverPP2M{Grid: GridLogSNR}, 2, DPMSolverPP2M{Grid: GridLogSNR}, []int{50, 100, 200, 400}},
			{Heun{Grid: GridLogSNR}, 2, DPMSolverPP2M{Grid: GridLogSNR}, []int{100, 200, 400, 800}},
			{Heun{}, 2, UniPC{Grid: GridKarras}, []int{99, 199, 399, 799}},
			{UniPC{Grid: GridLogSNR}, 3, UniPC{Grid: GridLogSNR}, []int{200, 400, 800}},
			{UniPC{Grid: GridKarras}, 3, UniPC{Grid: GridKarras}, []int{200, 400, 800}},
		} {
			t.Run(s.Name()+"/"+test.sampler.Name(), func(t *testing.T) {
				var logStep, logErr []float64
				reference := solveToy(t, s, test.exact, 4000)
				for _, steps := range test.steps {
					logStep = append(logStep, -math.Log(float64(steps)))
					logErr = append(logErr, math.Log(floats.Distance(solveToy(t, s, test.sampler, steps), reference, 2)))
				}
				_, slope := stat.LinearRegression(logStep, logErr, nil, false)
				near(t, "order", slope, test.order, 0.1)
				measured[test.sampler.Name()] = true
			})
		}
	}
	for _, s := range Solvers() {
		if !measured[s.Name()] {
			t.Errorf("the order of %s is not measured", s.Name())
		}
	}
}

func TestSolversAreReadByName(t *testing.T) {
	got, err := ParseSolvers("unipc, ddim")
	if diff := cmp.Diff([]Sampler{UniPC{}, DDIM{}}, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got)\n%s", err, diff)
	}
	for list, want := range map[string]string{
		"midpoint":        `sampler = "midpoint", want one of ddim, dpmpp2m, unipc, euler, heun, euler-ancestral`,
		"fewstep-renoise": `sampler = "fewstep-renoise", want one of ddim`,
		"":                `sampler = "", want one of`,
		"ddim,":           `sampler = "", want one of`,
		"ddim,unipc,ddim": `samplers = "ddim,unipc,ddim", want each once`,
	} {
		if _, err := ParseSolvers(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", list, err, want)
		}
	}
}

// In steps of equal t the first and last steps are long in λ, which costs the second-order solver some of its order but
// never its lead over DDIM; both grids arrive at the same points.
func TestTimeGridConverges(t *testing.T) {
	s := Cosine{}
	reference := solveToy(t, s, DPMSolverPP2M{Grid: GridLogSNR}, 4000)
	for _, steps := range []int{4, 8, 15, 25, 50, 100} {
		first := floats.Distance(solveToy(t, s, DDIM{}, steps), reference, 2)
		second := floats.Distance(solveToy(t, s, DPMSolverPP2M{}, steps), reference, 2)
		if !(second < first) {
			t.Errorf("%d steps: error %.3g of %s, %.3g of %s, want less", steps, second, DPMSolverPP2M{}.Name(), first, DDIM{}.Name())
		}
	}
	near(t, "error after 800 steps", floats.Distance(solveToy(t, s, DPMSolverPP2M{}, 800), reference, 2), 0, 1e-3)
}

func TestPlanErrorsNameFieldValueAndWish(t *testing.T) {
	for _, test := range []struct {
		name    string
		sampler Sampler
		steps   int
		want    string
	}{
		{"no steps", DDIM{}, 0, "steps = 0, want ≥ 1"},
		{"negative steps", DPMSolverPP2M{}, -3, "steps = -3, want ≥ 1"},
		{"unknown grid", DDIM{Grid: "square"}, 4, `grid = "square", want one of`},
		{"no few steps", FewStep{}, 0, "steps = 0, want 1 to 4"},
		{"more steps than times", FewStep{Times: []float64{1, 0.5}}, 3, "steps = 3, want 1 to 2"},
		{"rising times", FewStep{Times: []float64{0.5, 1}}, 1, "times = [0.5 1], want strictly falling"},
		{"equal times", FewStep{Times: []float64{1, 1}}, 1, "times = [1 1], want strictly falling"},
		{"time beyond 1", FewStep{Times: []float64{1000, 750}}, 1, "times = [1000 750], want strictly falling times in (0,1]"},
		{"time 0", FewStep{Times: []float64{1, 0}}, 1, "in (0,1]"},
		{"time not a number", FewStep{Times: []float64{1, math.NaN()}}, 1, "in (0,1]"},
		{"empty times", FewStep{Times: []float64{}}, 1, "want at least one"},
		{"unknown form", FewStep{Form: "heun"}, 1, `form = "heun", want one of`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.sampler.Plan(Cosine{}, test.steps)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
}

// Four steps that keep other values lie before the step, as many as it may refer to.
func TestUpdateIsApplyInAGraph(t *testing.T) {
	step := Step{T: 0.5, X: 0.3, X0: -1.2, Noise: 2, Keep: 0.5, Prev: [History]float64{0.7, -0.4, 0.2, 1.5}}
	rows := [][]float32{{1, 2}, {3, 4}, {7, 8}, {5, 6}, {9, 10}, {11, 12}, {13, 15}} // x, x̂₀, z, then what was kept
	in := []any{step.Coef()}
	for _, row := range rows {
		in = append(in, tensor(row, 1, 2))
	}
	got := run(t, func(in []*Node) *Node {
		next, kept := Update(in[0], in[1], in[2], in[3], in[4:])
		return Concatenate([]*Node{next, kept}, 0)
	}, in...)
	plan := append(slices.Repeat([]Step{{X: 1}}, History), step, Step{Prev: [History]float64{1}})
	predicted := [][]float64{{13, 15}, {11, 12}, {9, 10}, {5, 6}, {3, 4}, {0, 0}}
	apply := func(plan []Step) []float32 {
		k := -1
		host := Apply(plan, []float64{1, 2}, func([]float64, float64) []float64 { k++; return predicted[k] }, func() []float64 { return []float64{7, 8} })
		return []float32{float32(host[0]), float32(host[1])}
	}
	same(t, append(apply(plan[:History+1]), apply(plan)...), got, 1e-6)
}
