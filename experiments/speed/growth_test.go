package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/addlab/addlab/record"
)

func TestGrowthHasTheExponentOfItsPowerLaw(t *testing.T) {
	r := GrowthReport{Environment: record.Environment{Device: "a processor"}, Growths: []Growth{{Size: "side", Task: "step", Points: []Point{
		{Size: 16, Seconds: []float64{1}}, {Size: 32, Seconds: []float64{4, 4, 9}, First: 2, MiB: 30}, {Size: 64, Failed: "signal: killed"}, {Size: 128, Seconds: []float64{5}},
	}}}}
	var b bytes.Buffer
	r.Markdown(&b)
	for _, want := range []string{
		"| side | step, seconds |", "| 16 | 1.00 (1.00–1.00) | – |", "| 32 | 4.00 (4.00–9.00) | 2.00 | 2.0 | 30 |", "| 64 | signal: killed | – |", "| 128 | 5.00 (5.00–5.00) | – |", "on a processor.",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &b)
		}
	}
	if c := r.curves().Curves[0]; len(c.Values) != 3 || c.Steps[1] != 2 || c.Values[1] != 4 {
		t.Errorf("curve %+v, want those that did not fail, beside the smallest", c)
	}
}

func TestAPointOfGrowth(t *testing.T) {
	for _, args := range [][]string{{"--point", "recall=50"}, {"--point", "fid=200"}, tiny(t, "--point", "batch=2"), tiny(t, "--point", "side=8"), tiny(t, "--point", "width=8")} {
		var stdout, stderr bytes.Buffer
		if rc := command().Run(t.Context(), append(args, "--rounds", "2"), &stdout, &stderr); rc != 0 {
			t.Fatalf("%q: rc = %d, stderr = %q", args, rc, &stderr)
		}
		var p Point
		if err := json.Unmarshal(stdout.Bytes(), &p); err != nil || p.Size == 0 || len(p.Seconds) != 2 || p.First <= 0 {
			t.Errorf("%q: %s, %v, want the times of two rounds", args, &stdout, err)
		}
	}
}
