package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

// Committed cells have no weights: their samples are compared, seed by seed. Real pictures of the same captions can join.
func TestCommittedCellsAreComparedByTheirSamples(t *testing.T) {
	methods, captions, stdout, _, err := gathered(t, "--results", "../../results/reference", "disc-cond/none", "disc-cond/text")
	if err != nil {
		t.Fatal(err)
	}
	if len(captions) < 16 || len(captions)%8 != 0 || captions[0] != captions[8] {
		t.Errorf("%d captions, want 8 of each seed", len(captions))
	}
	// The captions are those of seeds that both have: all of the cell with fewer.
	if !strings.Contains(stdout, fmt.Sprintf(": %d sample pictures that are kept in ../../results/reference/runs, of seeds 1, 2", len(captions))) {
		t.Errorf("stdout = %q", stdout)
	}
	if bytes.Equal(methods[0].pictures[0], methods[0].pictures[8]) || bytes.Equal(methods[0].pictures[0], methods[1].pictures[0]) {
		t.Error("seeds or cells share a picture")
	}
	_, captions, _, _, err = gathered(t, "--results", "../../results/reference", "real=scenes", "disc-cond/none")
	if err != nil || len(captions) != 8 {
		t.Errorf("%d captions with real pictures, %v, want 8", len(captions), err)
	}
	run := committedRun(t)
	_, captions, _, _, err = gathered(t, "--results", "../../results/reference", run, "real=scenes")
	if err != nil || len(captions) != 8 {
		t.Errorf("run %s: %d captions, %v", run, len(captions), err)
	}
}

// committedRun is the hash of a training whose weights are not there.
func committedRun(t *testing.T) string {
	t.Helper()
	runs, err := record.OpenRuns("../../results/reference/runs")
	if err != nil {
		t.Fatal(err)
	}
	all, err := runs.All()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(run record.Saved) bool {
		var cfg distill.RunConfig
		return run.Config(&cfg) == nil && cfg.Kind == "distill"
	})
	return all[i].Hash
}

// What ablate trains on other data goes into a folder of its own, where methods are looked for.
func TestCellsAndRunsOfOtherDataAreFound(t *testing.T) {
	results, set := t.TempDir(), dataset.Spec{Name: "photos"}
	pack, err := os.ReadFile("../../results/reference/runs.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	folder := sweep.FolderOf(results, set)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "runs.jsonl"), pack, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"disc-cond/none", committedRun(t)} {
		o := options{results: results, set: set, captions: 100}
		s, err := o.open(t.Context(), argument{name: "ours", what: what}, t.Logf)
		if err != nil || len(s.prompts) == 0 {
			t.Errorf("%s: %d samples, %v, want those in %s", what, len(s.prompts), err, folder)
		}
	}
}
