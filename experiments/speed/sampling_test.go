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
	var r Report
	if err := record.ReadJSON(filepath.Join(out, "sampling.json"), &r); err != nil {
		t.Fatal(err)
	}
	if want := len(samplingBatches) * 7; len(r.Rows) != want {
		t.Fatalf("%d rows, want %d", len(r.Rows), want)
	}
	for _, row := range r.Rows {
		if len(row.Times) != 2 || row.Times[0] <= 0 || row.First <= 0 {
			t.Errorf("%s, %s: times %v, want two above 0", row.Task, row.Tool, row.Times)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "sampling.md"))
	if err != nil || !strings.Contains(string(text), "| U-Net, batch 64 | teacher, 25 guided steps |") || !bytes.Contains(stdout.Bytes(), text) {
		t.Errorf("%v, stdout = %q, sampling.md = %q", err, &stdout, text)
	}
}
