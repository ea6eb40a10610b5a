package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/addlab/addlab/record"
)

func TestExtractionShowsPicturesASecondAndTheirRatio(t *testing.T) {
	r := Extraction{
		Environment: record.Environment{Engine: "xla:cpu", Device: "a processor"}, Pictures: 12, Batch: 4, First: 9,
		Ours: []float64{3, 1, 2}, TorchVersion: "torch 1, torch-fidelity 2", Torch: []float64{4, 12, 6}, Difference: 3e-7,
	}
	var b bytes.Buffer
	r.Markdown(&b)
	for _, want := range []string{"| 6.00 (4.00–12.00) | |", "| 2.00 (1.00–3.00) | 3.00 |", "at most 3.0e-07", "took 9.0 s"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, &b)
		}
	}
	r.Torch = nil
	b.Reset()
	r.Markdown(&b)
	if !strings.Contains(b.String(), "not measured") {
		t.Errorf("report without torch-fidelity does not say so:\n%s", &b)
	}
}
