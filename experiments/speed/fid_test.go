package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/eval"
)

func TestFIDReportShowsMediansAndRatiosOfRounds(t *testing.T) {
	r := FIDReport{Rounds: 3, Threads: 2, Kernel: "avx2", LoadBefore: "0.10", LoadAfter: "9.00", Rows: []FIDRow{{What: "FID", D: 64, Turns: map[string][]Turn{
		"ours":   {{1, 2, 1, 0}, {2, 2, 1, 0}, {4, 2, 1, 0}},
		"sqrtm":  {{10, 10, 1, 0}, {40, 10, 1, 0}, {20, 12, 1, 0}},
		"others": {{1, 1, 1, 0}},
	}}}}
	var b bytes.Buffer
	r.Markdown(&b)
	for _, want := range []string{
		"| FID | 64 | 2.000 | scipy's sqrtm alone | 20.000 | 10.0 (5.0–20.0) | 5.0 (5.0–6.0) |", // 10/1, 40/2, 20/4, and 10/2, 10/2, 12/2
		"kernel avx2", "0.10 before and 9.00 after",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "clean-fid's") {
		t.Errorf("report shows a tool that was not timed:\n%s", &b)
	}
}

func TestMeasureTakesTheMeanOfATurn(t *testing.T) {
	nap := 10 * time.Millisecond
	got, err := takeTurn(func() (float64, error) { time.Sleep(nap); return 7, nil })
	if most := int(turnTime/nap) + 1; err != nil || got.Value != 7 || got.Wall < nap.Seconds() || got.CPU < 0 || got.Calls < 2 || got.Calls > most {
		t.Errorf("measure of a nap of %v = %+v, %v, want value 7, no shorter time and 2 to %d calls", nap, got, err, most)
	}
	if got, err := takeTurn(func() (float64, error) { return 0, errors.New("singular") }); err == nil || got.Calls != 1 {
		t.Errorf("measure of a fault = %+v, %v, want it after the first call", got, err)
	}
	a, b := features(1, 20, 5), features(2, 20, 5)
	if a.Validate() != nil || a.Data[0] == b.Data[0] && a.Data[7] == b.Data[7] {
		t.Errorf("features of two seeds: %v, %v, want finite and different ones", a.Data[:8], b.Data[:8])
	}
}

// python is a program that greets like reference.py, gives some answers and then ends.
func python(t *testing.T, answers ...string) string {
	t.Helper()
	lines := []string{"#!/bin/sh", `echo '{"numpy": "2"}'`}
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
	answer := fmt.Sprintf(`{"wall": 1, "cpu": 1, "calls": 1, "value": %.17g}`, fid)
	for _, c := range []struct {
		why, dims, want string
		rc              int
	}{
		{"the second row fails", "2,3", "yesterday's", 1},
		{"all rows are there", "2", "| FID of two statistics | 2 |", 0},
	} {
		t.Run(c.why, func(t *testing.T) {
			out, reply := t.TempDir(), python(t, answer, answer)
			path := filepath.Join(out, "fid.md")
			if err := os.WriteFile(path, []byte("yesterday's"), 0o666); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			rc := command().Run(t.Context(), []string{"--fid", "--python", reply, "--out", out, "--dims", c.dims, "--rounds", "1", "--images", "0"}, &stdout, &stderr)
			if rc != c.rc || !strings.Contains(stdout.String(), "d = 2: round 1 of 1") {
				t.Errorf("rc = %d, stdout = %q, stderr = %q, want %d after the first row", rc, &stdout, &stderr, c.rc)
			}
			if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), c.want) {
				t.Errorf("fid.md = %q, %v, want %q", text, err, c.want)
			}
		})
	}
}
