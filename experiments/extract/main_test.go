package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/addlab/addlab/record"
)

func TestWrongCalls(t *testing.T) {
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"no pictures", []string{"--pictures", "0"}, "pictures = 0"},
		{"no rounds", []string{"--rounds", "0"}, "rounds = 0"},
		{"both must read one file", []string{"--python", "python3"}, "weights are not named"},
		{"a forgotten flag", []string{"64"}, `argument = "64"`},
		{"no weights there", []string{"--engine", "go", "--weights", t.TempDir()}, "0 files of weights"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := command().Run(t.Context(), c.args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("rc = %d, stderr = %q, want 1 and %q", rc, &stderr, c.want)
			}
		})
	}
}

func TestReportShowsPicturesASecondAndTheirRatio(t *testing.T) {
	r := Report{
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
