package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/report"
)

// Two clones hold the same reference; what is compared are their own results.
func TestTwoFoldersThatHoldTheSameReference(t *testing.T) {
	write := func(dir string, fid float64) {
		measured := table("teacher")
		measured.Rows[0].BySeed = []report.SeedScore{{Seed: 1, FID: fid, CLIP: .5, Evaluation: "ba9876543210"}}
		if _, err := report.WriteAll(dir, measured, nil); err != nil {
			t.Fatal(err)
		}
	}
	mine, yours := t.TempDir(), t.TempDir()
	for folder, fid := range map[string]float64{mine: 14, yours: 13} {
		write(filepath.Join(folder, "teacher"), fid)
		write(filepath.Join(folder, "reference", "teacher"), 12.5)
	}
	var stdout, stderr bytes.Buffer
	if rc := run([]string{"--results", mine, "--beside", yours}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	if want := "| default cell | 1 | 14.0 | 13.0 | +1.0 |"; !strings.Contains(stdout.String(), want) {
		t.Errorf("stdout = %s\nwant %q in it", &stdout, want)
	}
}
