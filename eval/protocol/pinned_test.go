package protocol

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
)

var update = flag.Bool("update", false, "rewrite testdata/pinned.json")

// All numbers of a tiny bundle are pinned. Other processors round otherwise, hence the tolerance.
func TestMetricsArePinned(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "pair", "classifier", "text", "teacher"), tinyworld.New(), Setup{Images: 40, Seed: 3, Batch: 16, Blocks: 4, Guidance: 2})
	got := map[string]Metrics{}
	var err error
	if got["real"], err = e.EvaluateReal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got["teacher"], _, err = e.Evaluate(t.Context(), pipeline.Sampling{Sampler: diffusion.DDIM{}, Steps: 2, Guidance: 2}); err != nil {
		t.Fatal(err)
	}
	for name, m := range got {
		m.Seconds, m.MillisPerImage = 0, 0
		got[name] = m
	}
	golden := filepath.Join("testdata", "pinned.json")
	if *update {
		data, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, append(data, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]Metrics
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	tolerance := 1e-5
	if os.Getenv("ADDLAB_EXACT") != "" { // on the machine that wrote the file
		tolerance = 0
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(tolerance, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
