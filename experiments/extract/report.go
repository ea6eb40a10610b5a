package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/addlab/addlab/internal/timing"
	"github.com/addlab/addlab/record"
)

// Report is what extract.json holds.
type Report struct {
	Environment  record.Environment `json:"environment"`
	Pictures     int                `json:"pictures"` // of a round
	Batch        int                `json:"batch"`
	First        float64            `json:"first"` // seconds of the round that compiles
	Ours         []float64          `json:"ours"`  // seconds of every round
	TorchVersion string             `json:"torch_version,omitempty"`
	Torch        []float64          `json:"torch,omitempty"`
	Difference   float64            `json:"difference,omitempty"` // of the features, largest over the pictures, relative
}

// Markdown writes the table.
func (r Report) Markdown(w io.Writer) {
	fmt.Fprintf(w, "| Inception features of 256×256 pictures | pictures/s | ratio |\n|---|---|---|\n")
	fmt.Fprintf(w, "| this project, %s | %s | |\n", r.Environment.Engine, r.speed(r.Ours))
	if len(r.Torch) > 0 {
		fmt.Fprintf(w, "| %s | %s | %.2f |\n", r.TorchVersion, r.speed(r.Torch), timing.Median(r.Torch)/timing.Median(r.Ours))
	}
	fmt.Fprintf(w, "\nMedians of %d rounds of %d pictures in batches of %d, with the slowest and the fastest round, on %s; resizing is included, the rounds take turns.",
		len(r.Ours), r.Pictures, r.Batch, r.Environment.Device)
	fmt.Fprintf(w, " The first round of this project, which compiles, took %.1f s.", r.First)
	if len(r.Torch) > 0 {
		fmt.Fprintf(w, " Ratio: this project's speed over torch-fidelity's. The features differ by at most %.1e of their length.", r.Difference)
	} else {
		fmt.Fprint(w, " torch-fidelity was not measured.")
	}
	fmt.Fprintln(w)
}

func (r Report) speed(seconds []float64) string {
	n := float64(r.Pictures)
	return fmt.Sprintf("%.2f (%.2f–%.2f)", n/timing.Median(seconds), n/slices.Max(seconds), n/slices.Min(seconds))
}
