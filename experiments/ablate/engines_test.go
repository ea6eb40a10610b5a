package main

import (
	"bytes"
	"math"
	"path/filepath"
	"testing"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// Every engine that is here distils and scores the same networks through the real program at toy size; what comes out is the same but for
// rounding.
func TestEnginesAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("trains on every engine")
	}
	pretrained := toyNetworks(t)
	t.Setenv("XLA_FLAGS", "--xla_backend_optimization_level=0") // compiling takes most of the time
	reports, err := engine.Probe(t.Context(), "", false, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	var first string
	var want []report.Row
	for _, r := range reports {
		if !r.Available {
			t.Logf("%s is not here: %s", r.Engine, r.Reason)
			continue
		}
		t.Run(r.Engine, func(t *testing.T) {
			got := smokeRows(t, r.Engine, pretrained)
			if first == "" {
				first, want = r.Engine, got
				return
			}
			for i, w := range want {
				g := got[i]
				fid, clip, wantFID, wantCLIP := g.Values["fid"].Mean, g.Values["clip"].Mean, w.Values["fid"].Mean, w.Values["clip"].Mean
				if g.Name != w.Name || wantFID <= 0 || !near(fid, wantFID, 1e-3*wantFID) || !near(clip, wantCLIP, 1e-3) {
					t.Errorf("%s: FID = %.4g, CLIP = %.4g, want %.4g and %.4g as on %s", g.Name, fid, clip, wantFID, wantCLIP, first)
				}
			}
		})
	}
	if first == "" {
		t.Error("no engine is here, want pure Go at least")
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

// smokeRows runs one cell and all references.
func smokeRows(t *testing.T, engine, pretrained string) []report.Row {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	var stdout, stderr bytes.Buffer
	if rc := run(t.Context(), []string{"--scale", "smoke", "--cells", "both", "--engine", engine, "--out", out, "--reference", out, "--pretrained", pretrained}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q\n%s", rc, &stderr, &stdout)
	}
	var table report.Table
	if err := record.ReadJSON(filepath.Join(out, "disc-cond", "table.json"), &table); err != nil {
		t.Fatal(err)
	}
	return append(table.Rows, table.References...)
}
