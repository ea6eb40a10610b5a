package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

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
