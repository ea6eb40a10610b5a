package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/record"
)

// A machine that becomes slower from round to round changes no ratio.
func TestRatiosAreOfOneRound(t *testing.T) {
	r := Report{Title: "sampling", Unit: "ms", Rounds: 3, Environment: record.Environment{Device: "a processor"}, Notes: []string{"A note."}, Rows: []Row{
		{Task: "batch 1", Tool: "slow", Times: []float64{1000, 2000, 4000}}, {Task: "batch 1", Tool: "quick", First: 9, Times: []float64{20, 40, 80}},
		{Task: "batch 64", Tool: "slow", Times: []float64{.9, .9, .9}},
	}}
	var b bytes.Buffer
	r.Markdown(&b)
	for _, want := range []string{
		"| batch 1 | slow | 2000 (1000–4000) | – | 1 |", "| batch 1 | quick | 40.0 (20.0–80.0) | 9.0 | 50.0 (50.0–50.0) |",
		"| batch 64 | slow | 0.900 (0.900–0.900) | – | 1 |", "Medians of 3 rounds", "on a processor.", "\nA note.\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &b)
		}
	}
}

// A folder's history grows by every measurement, in the format of Go's benchmarks.
func TestMeasurementsHaveAHistory(t *testing.T) {
	folder := t.TempDir()
	for _, commit := range []string{"a1", "b2"} {
		r := Report{Unit: "seconds", Environment: record.Environment{Commit: commit, CPU: "a processor"}, Rows: []Row{{Task: "ADD: student, heads", Tool: "this project, xla:cpu", Times: []float64{.25, .5}}}}
		if err := r.write(folder, "speed", io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(filepath.Join(folder, historyFile))
	if err != nil {
		t.Fatal(err)
	}
	const lines = "Benchmark/task=ADD_student_heads/tool=this_project_xlacpu 1 2.5e+08 ns/op\nBenchmark/task=ADD_student_heads/tool=this_project_xlacpu 1 5e+08 ns/op\n\n"
	const rest = "cpu: a processor\nengine: \nengine-version: \ndevice: \n"
	if diff := cmp.Diff("commit: a1\n"+rest+lines+"commit: b2\n"+rest+lines, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestToolsTakeTurnsAndMustAgree(t *testing.T) {
	var order string
	named := func(name string, value float64) tool {
		return tool{"task", name, false, func(round int) (float64, float64, error) { order += name; return float64(round), value, nil }}
	}
	r := Report{Rounds: 2}
	if err := r.takeTurns(t.Context(), io.Discard, 1, named("a", 1), named("b", 1+1e-9)); err != nil || order != "ababab" || len(r.Rows) != 2 {
		t.Errorf("order %s, %d rows, error %v, want two rows of three rounds in turn", order, len(r.Rows), err)
	}
	if got := r.Rows[1].Times; len(got) != 2 || got[0] != 1 {
		t.Errorf("times = %v, want those after the warm-up", got)
	}
	if err := r.takeTurns(t.Context(), io.Discard, 1, named("a", 1), named("b", 1.1)); err == nil || !strings.Contains(err.Error(), "task, b: value = 1.1, want 1") {
		t.Errorf("error = %v, want both numbers", err)
	}
}

func TestQuartilesHaveThreeDigits(t *testing.T) {
	for want, x := range map[string][]float64{
		"2.00 (1.00–3.00)": {3, 1, 2}, "2.50 (2.00–4.00)": {4, 1, 2, 3}, "0.0123 (0.0120–0.0130)": {.012, .0123, .013}, "747 (747–747)": {747.4},
	} {
		if got := quartiles(x); got != want {
			t.Errorf("quartiles(%v) = %s, want %s", x, got, want)
		}
	}
}
