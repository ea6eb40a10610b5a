package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/eval"
)

func TestRepeatTakesTheMeanOfATurn(t *testing.T) {
	nap, calls := 10*time.Millisecond, 0
	took, value, err := repeat(func() (float64, error) { time.Sleep(nap); calls++; return 7, nil })
	if most := int(turnTime/nap) + 1; err != nil || value != 7 || took < nap.Seconds() || took > turnTime.Seconds() || calls < 2 || calls > most {
		t.Errorf("repeat of a nap of %v = %g s, %g, %v in %d calls, want value 7, no shorter time and 2 to %d calls", nap, took, value, err, calls, most)
	}
	if _, _, err := repeat(func() (float64, error) { calls = 0; return 0, errors.New("singular") }); err == nil || calls != 0 {
		t.Errorf("repeat of a fault = %v, want it", err)
	}
	a, b := features(1, 20, 5), features(2, 20, 5)
	if a.Validate() != nil || a.Data[0] == b.Data[0] && a.Data[7] == b.Data[7] {
		t.Errorf("features of two seeds: %v, %v, want finite and different ones", a.Data[:8], b.Data[:8])
	}
}

// python is a program that greets like reference.py, gives some answers and then ends.
func python(t *testing.T, answers ...string) string {
	t.Helper()
	lines := []string{"#!/bin/sh", `echo '"numpy 2"'`}
	for _, a := range answers {
		lines = append(lines, "read request", "echo '"+a+"'")
	}
	path := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	return path
}

// A report that was there before stays until another is whole.
func TestOnlyAWholeReportIsWritten(t *testing.T) {
	a, err := eval.NewStats(features(1, 4, 2))
	if err != nil {
		t.Fatal(err)
	}
	b, err := eval.NewStats(features(2, 4, 2))
	if err != nil {
		t.Fatal(err)
	}
	fid, err := eval.FID(a, b)
	if err != nil {
		t.Fatal(err)
	}
	answer := fmt.Sprintf(`{"took": 1, "value": %.17g}`, fid)
	for _, c := range []struct {
		why, dims, want string
		rc              int
	}{
		{"the second row fails", "2,3", "yesterday's", 1},
		{"all rows are there", "2", "| FID of two statistics, d = 2 | scipy's sqrtm alone | 1.00 (1.00–1.00) |", 0},
	} {
		t.Run(c.why, func(t *testing.T) {
			out, reply := t.TempDir(), python(t, slices.Repeat([]string{answer}, 4)...)
			path := filepath.Join(out, "fid.md")
			if err := os.WriteFile(path, []byte("yesterday's"), 0o666); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			rc := command().Run(t.Context(), []string{"--fid", "--python", reply, "--out", out, "--dims", c.dims, "--rounds", "1", "--images", "0"}, &stdout, &stderr)
			if rc != c.rc || !strings.Contains(stdout.String(), "d = 2: timed in 1 rounds") {
				t.Errorf("rc = %d, stdout = %q, stderr = %q, want %d after the first row", rc, &stdout, &stderr, c.rc)
			}
			if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), c.want) {
				t.Errorf("fid.md = %q, %v, want %q", text, err, c.want)
			}
		})
	}
}
