package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/engine"
)

func TestCalls(t *testing.T) {
	for _, c := range []struct {
		why  string
		args []string
		want string
		rc   int
	}{
		{"an unknown engine names the known ones", []string{"--engine", "abacus"}, "xla:cpu", 1},
		{"an argument is not swallowed", []string{"go"}, `argument = "go"`, 1},
		{"help is no failure", []string{"--help"}, "go run ./experiments/doctor", 0},
		{"an engine that is not there is a failure", []string{"-no-fetch", "-engine=xla:/no/such/plugin.so"}, "no engine can be used", 1},
	} {
		t.Run(c.why, func(t *testing.T) {
			var out bytes.Buffer
			if rc := command().Run(t.Context(), c.args, &out, &out); rc != c.rc || !strings.Contains(out.String(), c.want) {
				t.Errorf("rc = %d, output = %q, want %d and %q", rc, &out, c.rc, c.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	err := table(&b, []engine.Report{
		{Engine: "xla:cuda", Reason: "no NVIDIA GPU here"},
		{Engine: "xla:cpu", Available: true, Version: "PJRT 0.1", Device: "Abacus", GFlops: 123.44, Chosen: true, Why: "it is there",
			Source: "go-xla's installer", Library: "/lib/plugin.so"},
		{Engine: "go", Available: true, Version: "v1", Device: "Abacus", GFlops: 6},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `engine    available  GFLOP/s  version   device
xla:cuda  no
xla:cpu   yes        123.4    PJRT 0.1  Abacus
go        yes        6.0      v1        Abacus

xla:cuda: no NVIDIA GPU here
xla:cpu: library from go-xla's installer: /lib/plugin.so
The experiments would take xla:cpu: it is there.
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("table (-want +got)\n%s", diff)
	}
}
