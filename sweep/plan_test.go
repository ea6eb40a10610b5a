package sweep

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/pretrain"
)

func TestPlanNamesEachThingOnce(t *testing.T) {
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond, ablations.Loss, ablations.Lambda}, 1, 2)
	var labels []string
	runs := map[string]bool{}
	for _, j := range p.Jobs {
		labels = append(labels, j.Label)
		if j.Train != nil {
			runs[j.Evaluation.Run] = true
		}
	}
	// λ = 0 is L_adv alone, and the default cell stands on all three axes: 1 + 3 + 4 + 4 students per seed.
	if len(runs) != 2*12 {
		t.Errorf("trainings = %d, want 24", len(runs))
	}
	head := []string{"default cell, seed 1", "disc-cond/none, seed 1", "disc-cond/text, seed 1", "disc-cond/image, seed 1", "loss/adv, seed 1"}
	if diff := cmp.Diff(head, labels[:5]); diff != "" {
		t.Errorf("first jobs (-want +got)\n%s", diff)
	}
	tail := []string{"lambda/10, seed 2", "student (default cell), 2 steps, seed 2", "student (default cell), 4 steps, seed 2"}
	if diff := cmp.Diff(tail, labels[len(labels)-3:]); diff != "" {
		t.Errorf("last jobs (-want +got)\n%s", diff)
	}
}

// Steps of the solver between are measured for the axis that asks for them, and stand in no other table.
func TestTeacherAtFewStepsStandsInOneTable(t *testing.T) {
	p := newTestPlan(t, []ablations.Axis{ablations.Loss, ablations.StudentSteps}, 1, 2)
	names := func(axis ablations.Axis) (names []string) {
		for _, r := range p.Table(axis, nil).References {
			names = append(names, r.Name)
		}
		return names
	}
	everywhere := []string{
		"real against real (floor)", "teacher, 25 steps", "teacher, 1 step", "student (default cell), 2 steps", "student (default cell), 4 steps",
	}
	if diff := cmp.Diff(everywhere, names(ablations.Loss)); diff != "" {
		t.Errorf("loss (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(append(everywhere, "teacher, 12 steps", "teacher, 8 steps", "teacher, 4 steps", "teacher, 3 steps", "teacher, 2 steps"), names(ablations.StudentSteps)); diff != "" {
		t.Errorf("student-steps (-want +got)\n%s", diff)
	}
	drawn := map[int]int{}
	for _, j := range p.Jobs {
		if j.Evaluation.Subject == Teacher {
			drawn[j.Evaluation.Sampling.Steps]++
		}
	}
	if diff := cmp.Diff(map[int]int{25: 1, 12: 1, 8: 1, 4: 1, 3: 1, 2: 1, 1: 1}, drawn); diff != "" {
		t.Errorf("how often the teacher is drawn from at how many steps (-want +got)\n%s", diff)
	}
}

// Another solver has rows and measurements of its own; its name is in both.
func TestSolversOfAnAxis(t *testing.T) {
	axis := ablations.StudentSteps
	axis.SolverSteps, axis.Solvers = []int{4}, []diffusion.Sampler{diffusion.DPMSolverPP2M{}, diffusion.UniPC{}}
	p := newTestPlan(t, []ablations.Axis{axis}, 1)
	var names []string
	for _, r := range p.Table(axis, nil).References[5:] {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{"teacher, 4 steps", "teacher, 4 steps, unipc"}, names); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
	drawn := map[string]int{}
	for _, j := range p.Jobs {
		if s := j.Evaluation.Sampling; j.Evaluation.Subject == Teacher && s.Steps == 4 {
			drawn[s.Sampler]++
		}
	}
	if diff := cmp.Diff(map[string]int{"dpmpp2m": 1, "unipc": 1}, drawn); diff != "" {
		t.Errorf("samplers of four steps (-want +got)\n%s", diff)
	}
	results, err := (&laboratory{}).options(p, t.TempDir()).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/reference=teacher/steps=4 1 ", "/reference=teacher/steps=4/sampler=unipc 1 "} {
		if bench := string(p.bench(axis, results)); strings.Count(bench, name) != 1 {
			t.Errorf("want %q once in\n%s", name, bench)
		}
	}
}

// Every cell of an axis must be another measurement.
func TestCellsAreDifferent(t *testing.T) {
	for _, axis := range ablations.Axes() {
		p := newTestPlan(t, []ablations.Axis{axis}, 1)
		seen := map[string]string{}
		for _, cell := range axis.Cells {
			hash := p.hashes(axis, cell)[0]
			if other := seen[hash]; other != "" {
				t.Errorf("%s: cells %s and %s are the same measurement", axis.Name, other, cell.Name)
			}
			seen[hash] = cell.Name
		}
	}
}

// An axis whose cells say the same at this scale would train one student and show it twice.
func TestCellsThatSayTheSameAreRefused(t *testing.T) {
	axis := ablations.Axis{Name: "batch", Cells: []ablations.Cell{{Name: "as it is", Default: true}, {Name: "the same"}}}
	_, err := testPlan([]ablations.Axis{axis}, 1)
	if want := `axis batch: cells "as it is" and "the same" are the same config at scale smoke`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %q", err, want)
	}
}

// Steps that a student's times do not allow are found before anything is trained; rows that only stand beside are left out.
func TestStepsFitTheTimes(t *testing.T) {
	base, err := distill.DefaultConfig("smoke")
	if err != nil {
		t.Fatal(err)
	}
	base.Times = []int{980, 600, 300}
	in := Inputs{Bundle: &pretrain.Bundle{Files: map[string]string{}}, Data: &dataset.Scenes{Config: dataset.DefaultScenes()}, Setup: protocol.DefaultSetup("smoke")}
	for _, part := range pretrain.Parts {
		in.Bundle.Files[part] = "hash of " + part
	}
	p, err := NewPlan(in, base, []ablations.Axis{ablations.Augment}, []int64{1})
	if err != nil {
		t.Fatal(err)
	}
	var steps []int
	for _, r := range p.references {
		if r.subject == Student {
			steps = append(steps, r.steps)
		}
	}
	if want := []int{2}; !cmp.Equal(steps, want) {
		t.Errorf("rows of the student in %v steps, want %v: three times do not allow 4", steps, want)
	}
	axis := ablations.Axis{Name: "steps", Cells: []ablations.Cell{{Name: "1", Default: true}, {Name: "4", Steps: 4}}}
	_, err = NewPlan(in, base, []ablations.Axis{axis}, []int64{1})
	if want := "steps/4, seed 1: diffusion: steps = 4, want 1 to 3"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %q", err, want)
	}
}

// Students of a method that solves the teacher's equation draw several steps without new noise, unless a cell says otherwise.
func TestStudentsDrawAsTheirMethodDoes(t *testing.T) {
	base, err := distill.DefaultConfig("smoke")
	if err != nil {
		t.Fatal(err)
	}
	reflow := ablations.Method.Cells[slices.IndexFunc(ablations.Method.Cells, func(c ablations.Cell) bool { return c.Name == "reflow" })]
	in := Inputs{Bundle: &pretrain.Bundle{Files: map[string]string{}}, Data: &dataset.Scenes{Config: dataset.DefaultScenes()}, Setup: protocol.DefaultSetup("smoke")}
	for _, part := range pretrain.Parts {
		in.Bundle.Files[part] = "hash of " + part
	}
	axis := ablations.Axis{Name: "steps", Cells: []ablations.Cell{{Name: "1", Default: true}, {Name: "8", Steps: 8}, {Name: "8-renoise", Steps: 8, Form: diffusion.Renoise}}}
	p, err := NewPlan(in, reflow.Config(base), []ablations.Axis{axis}, []int64{1})
	if err != nil {
		t.Fatal(err)
	}
	var drawn []string
	for _, j := range p.Jobs {
		if s := j.Evaluation.Sampling; j.Train != nil {
			drawn = append(drawn, fmt.Sprint(s.Steps, " ", s.Sampler))
		}
	}
	want := []string{"1 fewstep-renoise", "8 fewstep-ode", "8 fewstep-renoise", "2 fewstep-ode", "4 fewstep-ode"}
	if diff := cmp.Diff(want, drawn); diff != "" {
		t.Errorf("steps and samplers (-want +got)\n%s", diff)
	}
}
