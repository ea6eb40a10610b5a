package diffusion

import (
	"fmt"
	"math"
	"testing"

	"github.com/addlab/addlab/internal/rng"
)

// k-diffusion's ancestral Euler step written in its own coordinates, x̄ = x/α and s = σ/α.
func TestAncestralIsKDiffusionsStep(t *testing.T) {
	s := StableDiffusion{}
	times := []float64{1, 0.75, 0.5, 0.25}
	plan, err := FewStep{Times: times, Form: Ancestral}.Plan(s, len(times))
	if err != nil {
		t.Fatal(err)
	}
	denoise := func(x []float64, u float64) []float64 { return []float64{math.Tanh(x[0] + u)} }
	draw := func() func() []float64 {
		r := rng.New(11, "z", 0)
		return func() []float64 { return []float64{r.NormFloat64()} }
	}
	got := Apply(plan, []float64{0.8}, denoise, draw())[0]

	noise := draw()
	alpha, _ := s.AlphaSigma(1)
	bar := 0.8 / alpha
	for i, u := range times {
		alpha, sigma := s.AlphaSigma(u)
		sT, sU := sigma/alpha, 0.0
		if i+1 < len(times) {
			alphaU, sigmaU := s.AlphaSigma(times[i+1])
			sU = sigmaU / alphaU
		}
		up := min(sU, math.Sqrt(sU*sU*(sT*sT-sU*sU)/(sT*sT)))
		down := math.Sqrt(sU*sU - up*up)
		x0 := denoise([]float64{bar * alpha}, u)[0]
		bar += (down - sT) * (bar - x0) / sT
		if sU > 0 {
			bar += up * noise()[0]
		}
	}
	near(t, "sample", got, bar, 1e-12)
}

// For data N(0, s²) all moments are known, so the variance of x after each step can be followed exactly.
func TestFewStepKeepsGaussianMarginals(t *testing.T) {
	const s2 = 0.49
	variance := func(alpha, sigma float64) float64 { return alpha*alpha*s2 + sigma*sigma }
	for _, schedule := range Schedules() {
		for _, form := range []Form{Renoise, Ancestral} {
			plan, err := FewStep{Form: form}.Plan(schedule, 4)
			if err != nil {
				t.Fatal(err)
			}
			for i, step := range plan[:3] {
				alpha, sigma := schedule.AlphaSigma(step.T)
				want := variance(schedule.AlphaSigma(plan[i+1].T))
				v := variance(alpha, sigma)
				noise := step.Noise * step.Noise

				// x̂ drawn from the posterior of x₀: both forms are exact. Cov(x, x̂) = α s².
				drawn := step.X*step.X*v + 2*step.X*step.X0*alpha*s2 + step.X0*step.X0*s2 + noise
				near(t, string(form)+" with posterior draws", drawn, want, 1e-12)

				// x̂ a deterministic map of x onto the data, which a one-step generator is: exact for renoise, and for ancestral
				// only out of pure noise, where the two are one.
				scale := step.X + step.X0*math.Sqrt(s2/v)
				mapped := scale*scale*v + noise
				if form == Renoise || alpha == 0 {
					near(t, string(form)+" with a generator", mapped, want, 1e-12)
				} else if math.Abs(mapped-want) < 1e-6 {
					t.Errorf("ancestral with a generator from t = %v has the exact variance, which it should not", step.T)
				}
			}
		}
	}
}

// On the student's own times the form ode is DDIM.
func TestODEIsDDIM(t *testing.T) {
	for _, schedule := range []Schedule{Cosine{}, StableDiffusion{ZeroTerminalSNR: true}} {
		want, err := DDIM{}.Plan(schedule, 4)
		if err != nil {
			t.Fatal(err)
		}
		got, err := FewStep{Form: ODE}.Plan(schedule, 4)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			for _, c := range [][2]float64{{got[i].T, want[i].T}, {got[i].X, want[i].X}, {got[i].X0, want[i].X0}, {got[i].Noise, 0}} {
				near(t, schedule.Name(), c[0], c[1], 1e-12)
			}
		}
	}
}

func TestFewStepOneStepIsThePrediction(t *testing.T) {
	for _, form := range append([]Form{""}, Forms...) {
		plan, err := FewStep{Form: form}.Plan(Cosine{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := Apply(plan, []float64{5, 6}, func([]float64, float64) []float64 { return []float64{1, 2} }, nil)
		if got[0] != 1 || got[1] != 2 {
			t.Errorf("%q: one step gives %v, want x̂ = [1 2]", form, got)
		}
	}
}

func TestFewStepSpreadsFewerSteps(t *testing.T) {
	for steps, want := range map[int]string{1: "[1]", 2: "[1 0.5]", 3: "[1 0.75 0.5]", 4: "[1 0.75 0.5 0.25]"} {
		plan, err := FewStep{}.Plan(Cosine{}, steps)
		if err != nil {
			t.Fatal(err)
		}
		var times []float64
		for _, step := range plan {
			times = append(times, step.T)
		}
		if got := fmt.Sprint(times); got != want {
			t.Errorf("%d steps at %s, want %s", steps, got, want)
		}
	}
}

// More steps than times divide the ways between them, so that the times themselves stay in the grid.
func TestFewStepDividesItsGrid(t *testing.T) {
	plan, err := FewStep{Times: []float64{1, 0.6}}.Plan(Cosine{}, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{1, 0.8, 0.6, 0.3} {
		if math.Abs(plan[i].T-want) > 1e-12 {
			t.Errorf("time %d = %g, want %g", i, plan[i].T, want)
		}
	}
	if _, err := (FewStep{Times: []float64{1, 0.6}}).Plan(Cosine{}, 3); err == nil {
		t.Error("three steps of two times: no error")
	}
}
