package lessons

import (
	"fmt"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/report/plot"
)

// SignalLeft plots how much signal α_t² is left at time t for every schedule.
func SignalLeft() plot.Curves {
	curves := plot.Curves{Title: "Signal α² that is left at time t", XLabel: "t in thousandths", YLabel: "α²"}
	for _, s := range diffusion.Schedules() {
		c := plot.Curve{Name: s.Name()}
		for t := 0; t <= 1000; t += 10 {
			alpha, _ := s.AlphaSigma(float64(t) / 1000)
			c.Steps, c.Values = append(c.Steps, t), append(c.Values, alpha*alpha)
		}
		curves.Curves = append(curves.Curves, c)
	}
	return curves
}

// Terminal lists what signal and noise the schedules end with.
func Terminal() show.Sheet {
	s := show.Sheet{Head: []string{"schedule", "α₁", "σ₁", "signal-to-noise ratio α₁²/σ₁²"}}
	for _, sch := range diffusion.Schedules() {
		alpha, sigma := sch.AlphaSigma(1)
		s.Add(sch.Name(), fmt.Sprintf("%.4f", alpha), fmt.Sprintf("%.4f", sigma), fmt.Sprintf("%.2g", alpha*alpha/(sigma*sigma)))
	}
	return s
}

// Diffused shows points of a toy world noised to some times.
func Diffused(m diffusion.Mixture, times ...float64) plot.Scatter {
	return atTimes(m, "Diffused points, x_t", times, func(x []float64, _, _ float64) []float64 { return x })
}

// Denoised shows what the exact denoiser makes of the same points.
func Denoised(m diffusion.Mixture, times ...float64) plot.Scatter {
	return atTimes(m, "What the exact denoiser makes of them, E[x₀|x_t]", times, m.Denoise)
}

func atTimes(m diffusion.Mixture, title string, times []float64, of func(x []float64, alpha, sigma float64) []float64) plot.Scatter {
	const points = 600
	clean := m.Sample(rng.New(1, "notebook", 0), points)
	eps := rng.New(2, "notebook", 0)
	s := plot.Scatter{Title: title}
	for _, t := range times {
		alpha, sigma := diffusion.Cosine{}.AlphaSigma(t)
		x := make([]float64, len(clean))
		for i := range x {
			x[i] = alpha*clean[i] + sigma*eps.NormFloat64()
		}
		s.Panels = append(s.Panels, plot.ScatterPanel{Name: fmt.Sprintf("t = %g", t), Points: of(x, alpha, sigma)})
	}
	return s
}

// Orders plots how far samplers end from the exact end points, over their number of steps.
func Orders(m diffusion.Mixture, steps []int, samplers ...diffusion.Sampler) (plot.Curves, error) {
	curves := plot.Curves{Title: "Distance from the exact end points", XLabel: "calls of the denoiser", YLabel: "root mean square", LogX: true, LogY: true}
	for _, sampler := range samplers {
		errors, err := m.SolverErrors(diffusion.Cosine{}, sampler, steps, start(64))
		if err != nil {
			return curves, err
		}
		curves.Curves = append(curves.Curves, plot.Curve{Name: sampler.Name(), Steps: steps, Values: errors})
	}
	return curves, nil
}

// Calls shows where a sampler ends with some numbers of denoiser calls.
func Calls(m diffusion.Mixture, sampler diffusion.Sampler, calls ...int) (plot.Scatter, error) {
	s := plot.Scatter{Title: sampler.Name() + " from pure noise"}
	for _, n := range calls {
		end, err := m.Solve(diffusion.Cosine{}, sampler, n, start(1200))
		if err != nil {
			return s, err
		}
		s.Panels = append(s.Panels, plot.ScatterPanel{Name: fmt.Sprintf("calls: %d", n), Points: end})
	}
	return s, nil
}

// start is pure noise, n values.
func start(n int) []float64 {
	r := rng.New(3, "notebook", 0)
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}
