package lessons

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/sweep"
)

// Student and teacher of a run may be other networks than the bundle's small ones.
func TestSamplingsAreThoseOfTheRun(t *testing.T) {
	cfg := distill.Config{Times: []int{1000, 500}, StudentNet: "teacher-l", TeacherNet: "teacher-dit"}
	few := pipeline.Sampling{
		Sampler: diffusion.FewStep{Times: []float64{1, .5}, Form: diffusion.Renoise}, Steps: 2, Student: filepath.Join("runs", distill.StudentFile), Net: "teacher-l",
	}
	solver := func(net string, steps int) pipeline.Sampling {
		return pipeline.Sampling{Sampler: diffusion.DPMSolverPP2M{}, Steps: steps, Guidance: Guidance, Net: net}
	}
	run := sweep.StudentRun{Dir: "runs", Config: distill.RunConfig{Distill: cfg}}
	for _, c := range []struct {
		why  string
		got  pipeline.Named
		want pipeline.Named
	}{
		{"the student", run.Steps(2, ""), pipeline.Named{Name: "student, 2 steps", Sampling: few}},
		{"its teacher", run.Teacher(2, Guidance), pipeline.Named{Name: "teacher-dit, 2 steps", Sampling: solver("teacher-dit", 2)}},
		{"a teacher without any student", sweep.StudentRun{}.Teacher(1, Guidance), pipeline.Named{Name: "teacher, 1 step", Sampling: solver("", 1)}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

// Student's interval of n = 200 is 1.972 standard errors to either side.
func TestScoresCarryIntervals(t *testing.T) {
	align, stdErr := .9, .02
	m := protocol.Metrics{Images: 200, FID: 30, FIDLow: 25, FIDHigh: 36, CLIP: .5, CLIPStdErr: .01}
	for _, c := range []struct {
		why  string
		edit func()
		want []string
	}{
		{"data that does not know what captions state", func() {}, []string{"student", "200", "30.0", "25.0 – 36.0", "0.500 ± 0.020", "–"}},
		{"with alignment", func() { m.Align, m.AlignStdErr = &align, &stdErr }, []string{"student", "200", "30.0", "25.0 – 36.0", "0.500 ± 0.020", "0.900 ± 0.039"}},
	} {
		c.edit()
		got, err := scored("student", m)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", c.why, err, diff)
		}
	}
}
