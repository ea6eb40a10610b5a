package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/record"
)

func TestPassesOfMethods(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles")
	}
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	t.Setenv("XLA_FLAGS", "--xla_backend_optimization_level=0") // compiling takes most of the time
	e, err := engine.Open(t.Context(), "xla:cpu", nil)
	if err != nil {
		t.Skip(err)
	}
	defer e.Close()
	in, err := options{scale: "smoke", pretrained: tinybundle.Write(t, "text", "teacher", "features")}.inputs()
	if err != nil {
		t.Fatal(err)
	}
	in.Backend = e.Backend
	only, err := ablations.Method.Only([]string{"lcm", "regression"}) // heads would take longest to compile
	if err != nil {
		t.Fatal(err)
	}
	m, err := costOf(t.Context(), in, only.Cells[0], 2)
	if err != nil {
		t.Fatal(err)
	}
	// The student, its average, and the teacher with and without its caption.
	if m.Passes != 4 || m.Halves != 0 || m.Pairs != 0 || m.MiB < 1 || m.First <= 0 || len(m.Seconds) != 2 {
		t.Errorf("%+v, want four passes, memory and two rounds", m)
	}
	if n := pairPasses(only.Cells[1].Config(in.Config)); n != 64*4*2 {
		t.Errorf("pairs of regression take %d passes, want those of 64 in four guided steps", n)
	}
}

func TestCostsOfMethodsBesideTheFirst(t *testing.T) {
	r := MethodsReport{Steps: 800, Batch: 16, Environment: record.Environment{Device: "a processor"}, Methods: []MethodCost{
		{Method: "add", Seconds: []float64{2}, First: 20, Passes: 2, MiB: 300}, {Method: "regression", Seconds: []float64{1, 1}, Passes: 1, Pairs: 8},
	}}
	var b bytes.Buffer
	r.Markdown(&b)
	for _, want := range []string{"| add | 2.00 (2.00–2.00) | 1.00 | 20.0 | 2 | 0 | 0 | 300 |", "| regression | 1.00 (1.00–1.00) | 0.50 | 0.0 | 1 | 0 | 8 | 0 |", "800 steps of 16 pictures on a processor."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &b)
		}
	}
}
