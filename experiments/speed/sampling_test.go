package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/record"
)

func TestSamplingIsTimedInRounds(t *testing.T) {
	out := t.TempDir()
	var stdout, stderr bytes.Buffer
	if rc := command().Run(t.Context(), tiny(t, "--sampling", "2", "--out", out), &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	var r Sampling
	if err := record.ReadJSON(filepath.Join(out, "sampling.json"), &r); err != nil {
		t.Fatal(err)
	}
	if want := len(samplingBatches) * 7; len(r.Rows) != want {
		t.Fatalf("%d rows, want %d", len(r.Rows), want)
	}
	for _, row := range r.Rows {
		if len(row.Seconds) != 2 || row.Seconds[0] <= 0 || row.Calls < 1 {
			t.Errorf("%s, batch %d: %d calls, seconds %v, want two times above 0", row.Name, row.Batch, row.Calls, row.Seconds)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "sampling.md"))
	if err != nil || !strings.Contains(string(text), "| U-Net | teacher, 25 guided steps | 50 | 64 |") || !bytes.Contains(stdout.Bytes(), text) {
		t.Errorf("%v, stdout = %q, sampling.md = %q", err, &stdout, text)
	}
}

// A machine that becomes slower from round to round changes no ratio.
func TestRatiosAreOfOneRound(t *testing.T) {
	slow := SamplingRow{Network: "teacher", Name: "slow", Batch: 1, Calls: 50, Seconds: []float64{1, 2, 4}}
	quick := SamplingRow{Network: "teacher", Name: "quick", Batch: 1, Calls: 1, Seconds: []float64{.02, .04, .08}}
	other := SamplingRow{Network: "teacher", Name: "other batch", Batch: 64, Calls: 50, Seconds: []float64{9, 9, 9}}
	var b bytes.Buffer
	Sampling{Rounds: 3, Rows: []SamplingRow{slow, quick, other}}.Markdown(&b)
	for _, want := range []string{
		"| U-Net | slow | 50 | 1 | 2000.00 (1000.00–4000.00) | 0.5 | 1 |",
		"| U-Net | quick | 1 | 1 | 40.00 (20.00–80.00) | 25 | 50.0 (50.0–50.0) |",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &b)
		}
	}
}
