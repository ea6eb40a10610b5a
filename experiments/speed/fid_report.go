package main

import (
	"fmt"
	"io"

	"github.com/addlab/addlab/record"
)

// FIDReport is fid.json.
type FIDReport struct {
	Environment record.Environment `json:"environment"`
	Kernel      string             `json:"kernel"`   // instructions of this project's products
	Versions    map[string]string  `json:"versions"` // of the reference
	Threads     int                `json:"threads"`
	Rounds      int                `json:"rounds"`
	LoadBefore  string             `json:"load_before"` // load average of the machine
	LoadAfter   string             `json:"load_after"`
	Rows        []FIDRow           `json:"rows"`
}

// FIDRow is one task. Turns are by tool: "ours", "sqrtm", "clean-fid", "covariance" (numpy's).
type FIDRow struct {
	What  string            `json:"what"`
	D     int               `json:"d"`
	Turns map[string][]Turn `json:"timings"`
}

// Markdown writes medians and the ratios within rounds.
func (r FIDReport) Markdown(w io.Writer) {
	fmt.Fprintf(w, "| task | d | here, s | other tool | its s | times as fast, by the clock | by processor time |\n|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		for _, tool := range []string{"sqrtm", "clean-fid", "covariance"} {
			theirs := row.Turns[tool]
			if theirs == nil {
				continue
			}
			ours := row.Turns["ours"]
			name := map[string]string{"sqrtm": "scipy's sqrtm alone", "clean-fid": "clean-fid's frechet_distance", "covariance": "numpy's mean and cov"}[tool]
			fmt.Fprintf(w, "| %s | %d | %.3f | %s | %.3f | %s | %s |\n", row.What, row.D, median(walls(ours)), name, median(walls(theirs)),
				extremes(ratios(walls(theirs), walls(ours)), 1), extremes(ratios(cpus(theirs), cpus(ours)), 1))
		}
	}
	fmt.Fprintf(w, "\nMedians of %d rounds, in which the tools took turns on %d threads, each with as many calls as half a second holds; ratios are of the same round, with the lowest and the highest. Processor: %s, kernel %s; "+
		"numpy %s, scipy %s (OpenBLAS), clean-fid %s. ", r.Rounds, r.Threads, r.Environment.CPU, r.Kernel, r.Versions["numpy"], r.Versions["scipy"], r.Versions["clean-fid"])
	fmt.Fprintf(w, "The machine's load average was %s before and %s after: where it exceeds the threads, other programs ran beside, which slows all of them and many waiting threads most.\n", r.LoadBefore, r.LoadAfter)
}

func walls(t []Turn) []float64 { return column(t, func(t Turn) float64 { return t.Wall }) }
func cpus(t []Turn) []float64  { return column(t, func(t Turn) float64 { return t.CPU }) }
