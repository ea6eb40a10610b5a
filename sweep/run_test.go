package sweep

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

func TestSecondRunDoesNothing(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1)
	first, err := l.options(p, root).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l.trained != 4 || l.evaluated != 4+5 || l.opened != 1 {
		t.Errorf("trained %d, evaluated %d, opened %d, want 4, 9, 1", l.trained, l.evaluated, l.opened)
	}
	again := &laboratory{}
	second, err := again.options(p, root).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(laboratory{}, *again, cmp.AllowUnexported(laboratory{})); diff != "" {
		t.Errorf("the second run worked (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(text(t, p, first), text(t, p, second)); diff != "" {
		t.Errorf("table (-first +second)\n%s", diff)
	}

	// More seeds reuse the ones that exist.
	more := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1, 2)
	if _, err := again.options(more, root).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again.trained != 4 || again.evaluated != 4+2 {
		t.Errorf("trained %d, evaluated %d, want 4 and 6 for the second seed", again.trained, again.evaluated)
	}
}

func TestFaultKeepsWhatIsFinished(t *testing.T) {
	undisturbed, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1)
	want, err := undisturbed.options(p, t.TempDir()).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	l := &laboratory{fails: func(c distill.Config) bool { return !c.Discriminator.Text && c.Discriminator.Image }}
	results, err := l.options(p, root).Run(t.Context())
	if !errors.Is(err, errPower) || !strings.Contains(err.Error(), "disc-cond/image, seed 1") {
		t.Errorf("error = %v, want the fault and its cell", err)
	}
	if len(results) != 3 || l.trained != 3 {
		t.Errorf("results = %d, trained = %d, want the 3 cells before the fault", len(results), l.trained)
	}
	l.fails = nil
	got, err := l.options(p, root).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l.trained != 4 {
		t.Errorf("trained = %d, want each cell once", l.trained)
	}
	if diff := cmp.Diff(text(t, p, want), text(t, p, got)); diff != "" {
		t.Errorf("table (-undisturbed +resumed)\n%s", diff)
	}
}

func TestDivergenceIsAResult(t *testing.T) {
	l := &laboratory{diverges: func(c distill.Config) bool { return c.Init == distill.Random }}
	p, root := newTestPlan(t, []ablations.Axis{ablations.StudentInit}, 1), t.TempDir()
	for _, which := range []string{"first", "second"} {
		results, err := l.options(p, root).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		row := p.Table(ablations.StudentInit, results).Rows[0]
		if !row.AllDiverged() || row.Verdict != report.Confirmed || !strings.Contains(row.Note, "diverged at step 3") {
			t.Errorf("%s run: row = %+v, want a diverged one that confirms the paper and says what happened", which, row)
		}
	}
	if l.trained != 1 || l.opened != 1 {
		t.Errorf("trained = %d, opened = %d, want 1 and 1", l.trained, l.opened)
	}
}

func TestStudentThatDrawsNoNumbersHasDiverged(t *testing.T) {
	p, root := newTestPlan(t, []ablations.Axis{ablations.StudentInit}, 1), t.TempDir()
	random, _ := p.Job("student-init", "random", 1)
	l := &laboratory{collapses: func(e Evaluation) bool { return e.Run == random.Evaluation.Run }}
	for _, which := range []string{"first", "second"} {
		results, err := l.options(p, root).Run(t.Context())
		if err != nil {
			t.Fatalf("%s run: %v", which, err)
		}
		if row := p.Table(ablations.StudentInit, results).Rows[0]; !row.AllDiverged() || !strings.Contains(row.Note, "pictures without numbers") {
			t.Errorf("%s run: row = %+v, want a diverged one that says what happened", which, row)
		}
	}
}

// Committed results save the measurement of real pictures and teacher; students are trained anew, since that is what was asked for.
func TestCommittedResultsCount(t *testing.T) {
	l, committed := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1)
	want, err := l.options(p, committed).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again := &laboratory{}
	o := again.options(p, t.TempDir())
	o.Finished = []*record.Runs{openRuns(committed)}
	got, err := o.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again.trained != 4 || again.evaluated != l.evaluated-3 {
		t.Errorf("trained = %d, evaluated = %d, want 4 and %d: all but real pictures and the teacher's two", again.trained, again.evaluated, l.evaluated-3)
	}
	for hash := range want {
		if want[hash].FID != got[hash].FID {
			t.Errorf("%s: FID = %g, want %g", want[hash].Label, got[hash].FID, want[hash].FID)
		}
	}
}

// What cannot be measured any more is told at once, before others are trained for hours.
func TestMissingAndChangedStudents(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1)
	o := l.options(p, root)
	if _, err := o.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	harm := func(cell string, do func(path string) error) {
		t.Helper()
		job, _ := p.Job("disc-cond", cell, 1)
		if err := os.RemoveAll(filepath.Join(root, "runs", job.Hash)); err != nil {
			t.Fatal(err)
		}
		if err := do(filepath.Join(root, "runs", job.Evaluation.Run, distill.StudentFile)); err != nil {
			t.Fatal(err)
		}
	}
	harm("both", os.Remove)
	harm("text", func(path string) error { return os.WriteFile(path, []byte("x"), 0o666) })

	trained := l.trained
	o.Plan = newTestPlan(t, []ablations.Axis{ablations.DiscCond, ablations.Augment}, 1)
	_, err := o.Run(t.Context())
	for _, want := range []string{"remove a run's folder", "default cell, seed 1: ", "student.safetensors is not there", "disc-cond/text, seed 1: ", "SHA-256 2d711642b726…, want "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q in it", err, want)
		}
	}
	if l.trained != trained {
		t.Errorf("%d students were trained before that, want none", l.trained-trained)
	}
	o.Plan = newTestPlan(t, []ablations.Axis{ablations.Augment}, 2)
	if _, err := o.Run(t.Context()); err != nil {
		t.Errorf("another seed: %v", err)
	}
}

// text is the table of the plan's first axis.
func text(t *testing.T, p *Plan, results Results) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Table(p.Axes[0], results).Plain(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
