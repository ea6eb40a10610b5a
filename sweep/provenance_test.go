package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// weary stops once after a checkpoint, and goes on from there the next time.
type weary struct {
	laboratory
	commit string // of the second start
}

func (w *weary) Environment(ctx context.Context) (record.Environment, error) {
	env, err := w.laboratory.Environment(ctx)
	env.Commit = cmp.Or(w.commit, env.Commit)
	return env, err
}

func (w *weary) Train(ctx context.Context, cfg distill.Config, run *record.Run) error {
	if _, _, ok := run.LatestCheckpoint(); !ok && cfg.Discriminator.Augment {
		return errors.Join(errPower, run.SaveCheckpoint(1, func(dir string) error {
			return record.WriteJSON(filepath.Join(dir, "state.json"), 1)
		}))
	}
	return w.laboratory.Train(ctx, cfg, run)
}

// A training that went on elsewhere names both commits; its time is that of no machine, and what differs does not head its numbers.
func TestATrainingThatWentOnElsewhere(t *testing.T) {
	p, root, w := newTestPlan(t, []ablations.Axis{ablations.Augment}, 1), t.TempDir(), &weary{}
	o := w.options(p, root)
	o.Worker = w
	if _, err := o.Run(t.Context()); !errors.Is(err, errPower) {
		t.Fatalf("err = %v, want %v", err, errPower)
	}
	w.commit = "4567def"
	results, err := o.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if table := p.Table(ablations.Augment, results); table.Engine != "fake v1" || table.Commit != "4567def, 0123abc" {
		t.Errorf("engine = %q, commit = %q, want one and both", table.Engine, table.Commit)
	}
	for _, row := range p.Times(ablations.Augment, results).Rows[:2] {
		if train := row.Values["train_seconds"]; train.Known() != (row.Name == "none") {
			t.Errorf("%s: training time %+v, want none where it was interrupted", row.Name, train)
		}
	}
	if _, err := p.Write(filepath.Join(root, "augment"), ablations.Augment, results); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "augment", "bench.txt"))
	if err != nil || !strings.Contains(string(text), "engine: fake") || strings.Contains(string(text), "commit:") {
		t.Errorf("bench.txt holds %q (%v), want the engine and no commit", text, err)
	}
}

// The same seed gives other numbers on another machine, so that rows tell who trained them.
func TestRowsNameTheirMachines(t *testing.T) {
	on := func(seed int64, environments ...record.Environment) Outcome {
		dir := t.TempDir()
		for i, env := range environments {
			name := "env.json"
			if i > 0 {
				name = fmt.Sprintf("env-%d.json", i+1)
			}
			if err := record.WriteJSON(filepath.Join(dir, name), env); err != nil {
				t.Fatal(err)
			}
		}
		if err := record.WriteJSON(filepath.Join(dir, "config.json"), map[string]int64{"seed": seed}); err != nil {
			t.Fatal(err)
		}
		run, err := record.At(dir)
		if err != nil {
			t.Fatal(err)
		}
		return Outcome{Job: Job{Seed: seed}, Records: []record.Saved{run, {}}}
	}
	amd := record.Environment{Engine: "xla:cpu", CPU: "AMD EPYC", Device: "AMD EPYC, 1 threads"}
	intel := record.Environment{Engine: "xla:cpu", CPU: "Intel(R) Xeon(R) Processor"}
	gpu := record.Environment{Engine: "xla:cuda", CPU: "AMD EPYC", Device: "NVIDIA H200"}
	unnamed := record.Environment{Engine: "xla:cuda", CPU: "AMD EPYC", Device: "cuda:0 [processId=0]"}
	for _, c := range []struct {
		why      string
		outcomes []Outcome
		want     string
	}{
		{"all on one", []Outcome{on(1, amd), on(2, amd)}, "AMD EPYC"},
		{"on two models", []Outcome{on(1, amd), on(2, amd), on(3, intel)}, "AMD EPYC (1, 2), Intel Xeon Processor (3)"},
		{"begun on one, ended on another", []Outcome{on(1, amd, intel)}, "AMD EPYC (1), Intel Xeon Processor (1)"},
		{"a GPU, not the processor beside it", []Outcome{on(1, gpu)}, "NVIDIA H200"},
		{"a GPU whose name is not on record, and a processor", []Outcome{on(1, unnamed), on(2, amd)}, "a GPU without a name (1), AMD EPYC (2)"},
		{"nothing on record", []Outcome{on(1), {}}, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			if got := machinesOf(c.outcomes); got != c.want {
				t.Errorf("machines = %q, want %q", got, c.want)
			}
		})
	}
	table := report.Table{Rows: []report.Row{{Name: "a", BySeed: make([]report.Seed, 2)}}, Machines: "AMD EPYC; Intel Xeon Processor"}
	if notes := newTestPlan(t, []ablations.Axis{ablations.Augment}, 2).notes(table); !strings.Contains(strings.Join(notes, "\n"), "(AMD EPYC; Intel Xeon Processor)") {
		t.Errorf("notes = %q, want the machines", notes)
	}
}
