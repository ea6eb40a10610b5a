package lessons

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/report/plot"
)

// toy is a lab on a small folder, with networks of the smoke scale that the test trains itself.
func toy(t *testing.T) *Lab {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "flags")
	if err := Flags(dir, 240); err != nil {
		t.Fatal(err)
	}
	l, err := openFolder("smoke", "go", dir)
	if err != nil {
		t.Fatal(err)
	}
	l.Runs = t.TempDir()
	t.Cleanup(l.Close)
	if err := l.Pretrain(); err != nil {
		t.Fatal(err)
	}
	return l
}

func drawn(t *testing.T, d show.Drawing, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.PNG(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

// What the notebooks call works on a folder of one's own, from pretraining to scores.
func TestLessonsOnAFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	l := toy(t)
	for _, of := range []func() (plot.Grid, error){
		func() (plot.Grid, error) { return l.Training(4, 2) },
		func() (plot.Grid, error) { return l.Steps(1, 2) },
		func() (plot.Grid, error) { return l.Views(2) },
		l.FeatureMaps,
	} {
		g, err := of()
		drawn(t, g, err)
	}
	loss, err := l.TeacherLoss()
	drawn(t, loss, err)

	logistic := discriminator.DefaultConfig()
	logistic.Softplus = true
	heads, err := l.TrainHeads(HeadTrial{"hinge", discriminator.DefaultConfig()}, HeadTrial{"logistic", logistic})
	drawn(t, heads.R1, err)
	if hinge, other := heads.Gap.Curves[0].Values, heads.Gap.Curves[1].Values; hinge[0] != other[0] || slices.Equal(hinge, other) {
		t.Errorf("logit gaps %v of the hinge, %v of the logistic loss, want the first alike and later ones different", hinge, other)
	}
	if got := len(heads.Gap.Curves[0].Values); got != l.HeadSteps {
		t.Errorf("%d values of a trial of %d steps", got, l.HeadSteps)
	}

	t.Run("what was seen is kept", func(t *testing.T) { seenIsKept(t, l) })

	student, err := l.Distill(l.Config())
	if err != nil {
		t.Fatal(err)
	}
	if first, last := student.Growth.Rows[2].Name, student.Growth.Rows[len(student.Growth.Rows)-1].Name; first != "after step 1" || last != "after step 4" {
		t.Errorf("samples from %q to %q, want those of the first step and of the last", first, last)
	}
	again, err := l.Distill(l.Config())
	if diff := cmp.Diff(student, again); err != nil || diff != "" {
		t.Errorf("a second call has error %v and another student (-first +second):\n%s", err, diff)
	}
	recorded(t, l, student)
	losses, err := student.Losses()
	drawn(t, losses, err)
	grid, err := l.Compare(student, 1, 2)
	drawn(t, grid, err)
	scores, err := l.StudentScores(student, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(scores.Rows) != 4 || scores.Rows[1][0] != "student, 1 step" {
		t.Errorf("scores of %v, want real, student and teacher twice", scores.Rows)
	}
	if newest, found, err := l.newestStudent(); err != nil || !found || newest.Dir != student.Dir {
		t.Errorf("newest student = %s (%v, error %v), want %s", newest.Dir, found, err, student.Dir)
	}

	// An axis of one's own is trained once, unless the project has another of its name.
	t.Setenv("TMPDIR", t.TempDir())
	own := ablations.Axis{Name: "my-kernel", Title: "Kernel", Cells: []ablations.Cell{
		{Name: "9", Default: true}, {Name: "1", Set: func(c *distill.Config) { c.Discriminator.Kernel = 1 }},
	}}
	for range 2 {
		if err := l.Measure(own, ""); err != nil {
			t.Fatal(err)
		}
	}
	axis, found, err := l.results("my-kernel")
	if err != nil || !found || len(axis.Table.Rows) != 2 || axis.Figure.PNG == nil || axis.Samples.PNG == nil {
		t.Errorf("my-kernel: found %v, %d rows, plot %t, samples %t, error %v, want both cells, a plot and samples", found, len(axis.Table.Rows), axis.Figure.PNG != nil, axis.Samples.PNG != nil, err)
	}
	own.Name = "lambda"
	if err := l.Measure(own, ""); err == nil || !strings.Contains(err.Error(), "axis = lambda") {
		t.Errorf("an axis of another's name: error = %v", err)
	}
}

func seenIsKept(t *testing.T, l *Lab) {
	first, err := l.Real(3)
	if err != nil {
		t.Fatal(err)
	}
	l.evaluator.Close()
	l.evaluator, l.drawing = nil, nil
	again, err := l.Real(3)
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("looked at again (-first +again), error %v:\n%s", err, diff)
	}
	if l.evaluator != nil {
		t.Error("the evaluation networks were loaded again for what is on disk")
	}
	other, err := l.Generated(1, 3)
	if err != nil || cmp.Equal(first.Features, other.Features) {
		t.Errorf("generated pictures look like real ones, error %v", err)
	}
}

func TestTrialsRefuseWhatTheyWouldIgnore(t *testing.T) {
	for want, edit := range map[string]func(c *discriminator.Config){
		"renoise, level = &{0 1}, false": func(c *discriminator.Config) { c.Renoise = &discriminator.Renoise{SD: 1} },
		"renoise, level = <nil>, true":   func(c *discriminator.Config) { c.Level = true },
		"per_caption = 2":                func(c *discriminator.Config) { c.PerCaption = 2 },
		"r1_every = 4":                   func(c *discriminator.Config) { c.R1Every = 4 },
		"kernel = 2":                     func(c *discriminator.Config) { c.Kernel = 2 },
	} {
		cfg := discriminator.DefaultConfig()
		edit(&cfg)
		if err := alone(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
	if err := alone(discriminator.DefaultConfig()); err != nil {
		t.Error(err)
	}
}

func TestFlagsAreADataset(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "flags")
	if err := Flags(dir, 40); err != nil {
		t.Fatal(err)
	}
	data, err := dataset.Open(dir, 32, t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	if n := data.Train().Len() + data.Heldout().Len(); n != 40 {
		t.Errorf("%d pictures, want 40", n)
	}
	s, err := data.Train().Sample(0)
	if err != nil || !strings.HasPrefix(s.Caption, "a flag of ") {
		t.Errorf("caption %q, error %v", s.Caption, err)
	}
	before := data.Hash()
	if err := Flags(dir, 99); err != nil {
		t.Fatal(err)
	}
	if data, err = dataset.Open(dir, 32, t.Errorf); err != nil || data.Hash() != before {
		t.Errorf("a folder that was there has changed, error %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := open("scenes", "huge", ""); err == nil || !strings.Contains(err.Error(), `scale = "huge"`) {
		t.Errorf("error = %v, want the scale named", err)
	}
	t.Setenv(ScaleEnv, "tiny")
	if _, err := open("scenes", "", ""); err == nil || !strings.Contains(err.Error(), `scale = "tiny"`) {
		t.Errorf("error = %v, want the environment's scale named", err)
	}
	t.Setenv(ScaleEnv, "smoke")
	l, err := open("scenes", "", "")
	if err != nil || l.Scale != "smoke" || l.DistillSteps != sizes["smoke"].DistillSteps {
		t.Fatalf("lab = %+v, error %v, want the environment's scale", l, err)
	}
	t.Chdir(t.TempDir())
	if _, err := open("scenes", "", ""); err == nil || !strings.Contains(err.Error(), "within the project") {
		t.Errorf("error = %v outside of the project", err)
	}
}

// The kernel passes a reader's interruption on to the cell as a signal: what runs is to end, not to be killed.
func TestInterruptionEndsWhatRuns(t *testing.T) {
	l := Open("smoke", "go")
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-l.ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the lab has not noticed an interruption")
	}
}

func TestAxesOfThePaper(t *testing.T) {
	l, err := open("scenes", "smoke", "go")
	if err != nil {
		t.Fatal(err)
	}
	l.Runs = t.TempDir()
	s, found, err := l.results("disc-cond")
	if err != nil || !found || s.Table.Axis != "disc-cond" || s.Figure.PNG == nil || s.Samples.PNG == nil {
		t.Errorf("results of disc-cond: found %v, plot %t, samples %t, error %v, want the committed ones", found, s.Figure.PNG != nil, s.Samples.PNG != nil, err)
	}
	if s, found, err = l.results("data/scenes-free/loss"); err != nil || !found || s.Table.Data != "scenes-free" || s.Figure.PNG == nil || s.Samples.PNG == nil {
		t.Errorf("results of loss on scenes-free: found %v, data %q, plot %t, samples %t, error %v, want the committed ones", found, s.Table.Data, s.Figure.PNG != nil, s.Samples.PNG != nil, err)
	}
	if err := os.MkdirAll(filepath.Join(l.Runs, "loss"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.Runs, "loss", "table.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.results("loss"); err == nil {
		t.Error("a broken table is no error")
	}
	for _, err := range []error{l.Axis("los", Train{}), l.AxisOn("scenes-free", "los")} {
		if err == nil || !strings.Contains(err.Error(), "want one of") {
			t.Errorf("error = %v, want the names of the axes", err)
		}
	}
	if err := l.AxisOn("photos", "loss"); err != nil {
		t.Errorf("what is not measured yet is an error: %v", err)
	}
}
