package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/record"
)

// Tables and pictures made from a pack are those made from the folder of runs, byte for byte. Nothing is measured again.
func TestTablesFromAPackAreThoseFromTheFolder(t *testing.T) {
	root := undisturbed(t)
	tables := []string{"*/table.*", "*/times.json", "*/bench.txt", "*/*.png"}
	want := filesOf(t, root, 18, tables...)
	runs := filepath.Join(root, "runs")
	if _, _, err := Pack(runs); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(runs); err != nil {
		t.Fatal(err)
	}

	axes := []ablations.Axis{ablations.StudentInit, ablations.Augment}
	p, l, packed := newTestPlan(t, axes, 1, 2), &laboratory{}, t.TempDir()
	results, err := l.options(p, root).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l.opened > 0 {
		t.Errorf("trained %d, evaluated %d, want nothing to do", l.trained, l.evaluated)
	}
	for _, axis := range axes {
		if _, err := p.Write(filepath.Join(packed, axis.Name), axis, results); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, filesOf(t, packed, 18, tables...)); diff != "" {
		t.Errorf("(-folder +pack)\n%s", diff)
	}

	// The scores of real pictures and teacher count elsewhere too, and packed students have no weights to measure.
	elsewhere := &laboratory{}
	o := elsewhere.options(p, t.TempDir())
	o.Finished = []*record.Runs{openRuns(root)}
	if _, missing, err := o.Gather(); err != nil || len(missing) != len(p.Jobs)-3 {
		t.Errorf("%d jobs are missing (%v), want %d: all but real pictures and the teacher's two", len(missing), err, len(p.Jobs)-3)
	}
	lines := strings.SplitAfter(readFile(t, runs+".jsonl"), "\n")
	job, _ := p.Job(ablations.Augment.Name, "none", 1)
	var kept []string
	for _, line := range lines {
		if !strings.HasPrefix(line, `{"run":"`+job.Hash) {
			kept = append(kept, line)
		}
	}
	if err := os.WriteFile(runs+".jsonl", []byte(strings.Join(kept, "")), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = l.options(p, root).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "augment/none, seed 1: ") || !strings.Contains(err.Error(), "runs.jsonl:") {
		t.Errorf("error = %v, want the cell and the line of its training", err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
