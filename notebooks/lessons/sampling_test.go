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
		Sampler: diffusion.FewStep{Times: []float64{1, .5}}, Steps: 2, Student: filepath.Join("runs", distill.StudentFile), Net: "teacher-l",
	}
	solver := func(net string) pipeline.Sampling {
		return pipeline.Sampling{Sampler: diffusion.DPMSolverPP2M{}, Steps: 2, Guidance: Guidance, Net: net}
	}
	run := sweep.StudentRun{Dir: "runs", Config: distill.RunConfig{Distill: cfg}}
	for _, c := range []struct {
		why  string
		got  []named
		want []named
	}{
		{"a prompt", pair(run, true, 2), []named{{"student, 2 steps", few}, {"teacher-dit, 2 steps", solver("teacher-dit")}}},
		{"a prompt without any student", pair(sweep.StudentRun{}, false, 2), []named{{"teacher, 2 steps", solver("")}}},
		{"a comparison", Student{Dir: "runs", Config: cfg}.samplings([]int{2}), []named{{"student, 2 steps", few}}},
	} {
		if diff := cmp.Diff(c.want, c.got, cmp.AllowUnexported(named{})); diff != "" {
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
