package pipeline

import "github.com/addlab/addlab/diffusion"

// Sampling is how pictures are drawn from a model.
type Sampling struct {
	Sampler  diffusion.Sampler
	Steps    int
	Guidance float64 // 0 or 1 for none
	Student  string  // path of a student's weights; "" for the bundle's teacher
	Net      string  // part or variant of the bundle that has the model's architecture; "" for the teacher
}

// Teacher is the sampling of the bundle's teacher by DPM-Solver++(2M).
func Teacher(steps int, guidance float64) Sampling {
	return Sampling{Sampler: diffusion.DPMSolverPP2M{}, Steps: steps, Guidance: guidance}
}

// FewSteps is the sampling of a student in k steps on the grid of its training times (the paper's timesteps).
func FewSteps(student string, times []int, k int, form diffusion.Form) Sampling {
	grid := make([]float64, len(times))
	for i, t := range times {
		grid[i] = float64(t) / 1000
	}
	return Sampling{Sampler: diffusion.FewStep{Times: grid, Form: form}, Steps: k, Student: student}
}

// For is the sampling of another network of the bundle.
func (s Sampling) For(net string) Sampling {
	s.Net = net
	return s
}
