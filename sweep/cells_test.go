package sweep

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/pretrain"
)

// configOf is a cell's training with some seed and number of steps; 0 leaves the scale's.
func configOf(t *testing.T, scale string, cell ablations.Cell, seed int64, steps int) StudentRun {
	t.Helper()
	base, err := distill.DefaultConfig(scale)
	if err != nil {
		t.Fatal(err)
	}
	if base.Seed = seed; steps > 0 {
		base = base.WithSteps(steps)
	}
	return StudentRun{Config: distill.RunConfig{Kind: "distill", Distill: cell.Config(base)}}
}

func cellOf(t *testing.T, axis ablations.Axis, name string) ablations.Cell {
	t.Helper()
	i := slices.IndexFunc(axis.Cells, func(c ablations.Cell) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("%s has no cell %s", axis.Name, name)
	}
	return axis.Cells[i]
}

func TestTrainingsOfACell(t *testing.T) {
	onlyText, both := cellOf(t, ablations.DiscCond, "text"), cellOf(t, ablations.DiscCond, "both")
	twice := cellOf(t, ablations.Length, "2x")
	runs := []StudentRun{
		configOf(t, "smoke", onlyText, 1, 0), configOf(t, "smoke", onlyText, 2, 0), configOf(t, "smoke", onlyText, 3, 0),
		configOf(t, "cpu", onlyText, 4, 0), configOf(t, "cpu", onlyText, 3, 0),
		configOf(t, "cpu", onlyText, 5, 77), configOf(t, "cpu", onlyText, 6, 77), configOf(t, "cpu", onlyText, 7, 77),
		configOf(t, "cpu", twice, 8, 0), configOf(t, "cpu", both, 9, 0), configOf(t, "smoke", both, 9, 0),
	}
	elsewhere := configOf(t, "cpu", onlyText, 1, 0)
	elsewhere.Config.DataHash = "other pictures"
	runs = append(runs, elsewhere)
	seeds := func(list []StudentRun) (seeds []int64) {
		for _, s := range list {
			seeds = append(seeds, s.Config.Distill.Seed)
		}
		return seeds
	}
	for _, c := range []struct {
		why  string
		runs []StudentRun
		cell ablations.Cell
		want []int64
	}{
		{"no toys, the scale's length, one data set, in the order of seeds", runs, onlyText, []int64{3, 4}},
		{"toys where there is nothing else", runs[:3], onlyText, []int64{1, 2, 3}},
		{"the scale's length before more seeds", runs[5:], onlyText, []int64{1}},
		{"only another length", runs[5:8], onlyText, []int64{5, 6, 7}},
		{"a cell of another length", runs, twice, []int64{8}},
		{"the default is not the cell of twice its length", runs, both, []int64{9}},
		{"nothing", runs[:3], both, nil},
	} {
		if diff := cmp.Diff(c.want, seeds(OfCell(c.runs, c.cell))); diff != "" {
			t.Errorf("%s: seeds (-want +got):\n%s", c.why, diff)
		}
	}
}

// Samples are found by cell and by training, in the folder of runs and in its pack, where there are no weights any more.
func TestKeptSamples(t *testing.T) {
	root := undisturbed(t)
	runs := filepath.Join(root, "runs")
	cell := cellOf(t, ablations.Augment, "none")
	check := func(where string) {
		t.Helper()
		found, err := KeptOfCell(openRuns(root), cell)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 2 || found[0].Config.Distill.Seed != 1 || found[1].Config.Distill.Seed != 2 {
			t.Fatalf("%s: %d trainings, want those of seeds 1 and 2", where, len(found))
		}
		if diff := cmp.Diff([]string{"a red ring", "a blue star"}, found[1].Captions); diff != "" || len(found[1].Images) != 2 || found[1].Images[0].Size != 8 {
			t.Errorf("%s: %d pictures, captions (-want +got):\n%s", where, len(found[1].Images), diff)
		}
		byRun, is, err := KeptOfRun(openRuns(root), found[1].Run, 1)
		if err != nil || !is || byRun.Config.Distill.Seed != 2 {
			t.Errorf("%s: by its hash: %+v, %v, %v", where, byRun.Config, is, err)
		}
		if _, is, err := KeptOfRun(openRuns(root), found[1].Run, 4); is || err != nil {
			t.Errorf("%s: samples of 4 steps = %v (%v), want none", where, is, err)
		}
	}
	check("folder")
	students, err := StudentRuns(runs)
	if err != nil {
		t.Fatal(err)
	}
	if got := OfCell(students, cell); len(got) != 2 {
		t.Errorf("%d students of the cell, want 2", len(got))
	}
	if _, _, err := Pack(runs); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(runs); err != nil {
		t.Fatal(err)
	}
	check("pack")
	if found, err := KeptOfCell(openRuns(root), cellOf(t, ablations.DiscCond, "text")); found != nil || err != nil {
		t.Errorf("a cell that never ran: %d, %v", len(found), err)
	}
}

// A student that learned the ends of paths is drawn without noise, unless another form is asked for. One step has no form.
func TestStudentsAreDrawnAsTheyLearned(t *testing.T) {
	ode := distill.Config{Times: []int{1000, 500}, Method: &distill.Named{Settings: distill.DefaultReflow}}
	b := &pretrain.Bundle{Student: &pretrain.Student{Times: ode.Times, Form: ode.Form()}}
	shipped, _ := Shipped(b)
	b.Student.Form = "" // an older file
	older, _ := Shipped(b)
	run := StudentRun{Config: distill.RunConfig{Distill: ode}}
	for _, c := range []struct {
		why         string
		run         StudentRun
		typed, want diffusion.Form
	}{
		{"a run", run, "", diffusion.ODE},
		{"another form", run, diffusion.Ancestral, diffusion.Ancestral},
		{"the shipped one", shipped, "", diffusion.ODE},
		{"one that was shipped before", older, "", diffusion.Renoise},
	} {
		if got := c.run.Steps(2, c.typed).Sampler.(diffusion.FewStep).Form; got != c.want {
			t.Errorf("%s: form = %s, want %s", c.why, got, c.want)
		}
	}
	for steps, want := range []string{"fewstep-renoise", "fewstep-renoise", "fewstep-ode"} {
		if got := fewStep(ode, steps, ""); got != want {
			t.Errorf("%d steps: %s, want %s", steps, got, want)
		}
	}
}
