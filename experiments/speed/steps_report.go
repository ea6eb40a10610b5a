package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/addlab/addlab/record"
)

// Report is speed.json.
type Report struct {
	Steps        int                `json:"steps"` // timed
	Warmup       int                `json:"warmup"`
	Environment  record.Environment `json:"environment"`
	TeacherBatch int                `json:"teacher_batch"`
	Batch        int                `json:"batch"` // of ADD
	Ours         Timing             `json:"ours"`
	Torch        *Timing            `json:"torch,omitempty"`
	Memory       []Memory           `json:"memory,omitempty"`
}

// device is where PyTorch runs: where this project did.
func (r Report) device() string {
	if strings.HasSuffix(r.Environment.Engine, ":cuda") {
		return "cuda"
	}
	return "cpu"
}

// Markdown writes the medians and their ratio.
func (r Report) Markdown(w io.Writer) {
	torch := "not measured"
	if r.Torch != nil {
		torch = "PyTorch " + r.Torch.Version
	}
	fmt.Fprintf(w, "| step | batch | %s, seconds | first step, which compiles | %s, seconds | ratio |\n|---|---|---|---|---|---|\n", r.Environment.Engine, torch)
	for _, row := range []struct {
		name, key string
		batch     int
	}{{"teacher", "teacher", r.TeacherBatch}, {"ADD: student, teacher, features, heads, R1", "add", r.Batch}} {
		ours := r.Ours.Seconds[row.key]
		theirs, ratio := "–", "–"
		if r.Torch != nil {
			seconds := r.Torch.Seconds[row.key]
			theirs, ratio = stepSeconds(seconds), fmt.Sprintf("%.2f", median(ours)/median(seconds))
		}
		fmt.Fprintf(w, "| %s | %d | %s | %.1f | %s | %s |\n", row.name, row.batch, stepSeconds(ours), r.Ours.Compile[row.key], theirs, ratio)
	}
	fmt.Fprintf(w, "\nMedians of %d steps with their quartiles, on %s; ratio: this project's time over PyTorch's (eager, float32, %s).\n",
		len(r.Ours.Seconds["add"]), r.Environment.Device, map[string]string{"cpu": "all cores", "cuda": "the same GPU, TF32 products on both sides"}[r.device()])
	if n := len(r.Memory); n > 1 {
		first, last := r.Memory[0], r.Memory[n-1]
		most := slices.MaxFunc(r.Memory, func(a, b Memory) int { return cmp.Compare(a.MiB, b.MiB) })
		fmt.Fprintf(w, "\nResident memory: %.0f MiB after step %d, %.0f MiB after step %d, at most %.0f MiB.\n", first.MiB, first.Step, last.MiB, last.Step, most.MiB)
	}
}

// stepSeconds has a digit more for short times.
func stepSeconds(x []float64) string {
	if median(x) < 0.1 {
		return quartiles(x, 4)
	}
	return quartiles(x, 3)
}
