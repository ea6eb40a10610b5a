package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/addlab/addlab/internal/timing"
	"github.com/addlab/addlab/record"
)

// Report is fid.json.
type Report struct {
	Environment record.Environment `json:"environment"`
	Kernel      string             `json:"kernel"`   // instructions of this project's products
	Versions    map[string]string  `json:"versions"` // of the reference
	Threads     int                `json:"threads"`
	Rounds      int                `json:"rounds"`
	LoadBefore  string             `json:"load_before"` // load average of the machine
	LoadAfter   string             `json:"load_after"`
	Rows        []Row              `json:"rows"`
}

// Row is one task. Timings are by tool: "ours", "sqrtm", "clean-fid", "covariance" (numpy's).
type Row struct {
	What    string              `json:"what"`
	D       int                 `json:"d"`
	Timings map[string][]Timing `json:"timings"`
}

// rounds lets all tools take turns, and refuses numbers that differ.
func (row *Row) rounds(ctx context.Context, n int, out io.Writer, ours func() (float64, error), ref *reference, folder string, tools ...string) error {
	for round := range n {
		t, err := measure(ours)
		if err != nil {
			return err
		}
		row.Timings["ours"] = append(row.Timings["ours"], t)
		for _, tool := range tools {
			if err := ctx.Err(); err != nil {
				return err
			}
			theirs, err := ref.time(tool, folder, row.D)
			if err != nil {
				return err
			}
			if math.Abs(theirs.Value-t.Value) > 1e-6*math.Abs(t.Value) {
				return fmt.Errorf("%s, d = %d: %.12g here, %.12g by %s, want the same", row.What, row.D, t.Value, theirs.Value, tool)
			}
			row.Timings[tool] = append(row.Timings[tool], theirs)
		}
		fmt.Fprintf(out, "%s, d = %d: round %d of %d\n", row.What, row.D, round+1, n)
	}
	return nil
}

// Markdown writes medians and the ratios within rounds.
func (r Report) Markdown(w io.Writer) {
	fmt.Fprintf(w, "| task | d | here, s | other tool | its s | times as fast, by the clock | by processor time |\n|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		for _, tool := range []string{"sqrtm", "clean-fid", "covariance"} {
			theirs := row.Timings[tool]
			if theirs == nil {
				continue
			}
			ours := row.Timings["ours"]
			name := map[string]string{"sqrtm": "scipy's sqrtm alone", "clean-fid": "clean-fid's frechet_distance", "covariance": "numpy's mean and cov"}[tool]
			fmt.Fprintf(w, "| %s | %d | %.3f | %s | %.3f | %s | %s |\n", row.What, row.D, timing.Median(walls(ours)), name, timing.Median(walls(theirs)),
				spread(ratios(walls(theirs), walls(ours))), spread(ratios(cpus(theirs), cpus(ours))))
		}
	}
	fmt.Fprintf(w, "\nMedians of %d rounds, in which the tools took turns on %d threads, each with as many calls as half a second holds; ratios are of the same round, with the lowest and the highest. Processor: %s, kernel %s; "+
		"numpy %s, scipy %s (OpenBLAS), clean-fid %s. ", r.Rounds, r.Threads, r.Environment.CPU, r.Kernel, r.Versions["numpy"], r.Versions["scipy"], r.Versions["clean-fid"])
	fmt.Fprintf(w, "The machine's load average was %s before and %s after: where it exceeds the threads, other programs ran beside, which slows all of them and many waiting threads most.\n", r.LoadBefore, r.LoadAfter)
}

func walls(t []Timing) []float64 { return column(t, func(t Timing) float64 { return t.Wall }) }
func cpus(t []Timing) []float64  { return column(t, func(t Timing) float64 { return t.CPU }) }

func column(t []Timing, of func(Timing) float64) []float64 {
	x := make([]float64, len(t))
	for i, v := range t {
		x[i] = of(v)
	}
	return x
}

func ratios(theirs, ours []float64) []float64 {
	x := make([]float64, len(ours))
	for i := range x {
		x[i] = theirs[i] / ours[i]
	}
	return x
}

func spread(x []float64) string {
	return fmt.Sprintf("%.1f (%.1f–%.1f)", timing.Median(x), slices.Min(x), slices.Max(x))
}
