package ablations

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

// weary stops once after a checkpoint, and goes on from there the next time.
type weary struct{ laboratory }

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
	p, root, w := newTestPlan(t, []Axis{Augment}, 1), t.TempDir(), &weary{}
	o := w.options(p, root)
	o.Trainer, o.Evaluator = w, w
	if _, err := Run(t.Context(), o); !errors.Is(err, errPower) {
		t.Fatalf("err = %v, want %v", err, errPower)
	}
	o.Environment = func(context.Context) (record.Environment, error) {
		return record.Environment{Engine: "fake", EngineVersion: "v1", Commit: "4567def"}, nil
	}
	results, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if table := p.Table(Augment, results); table.Engine != "fake v1" || table.Commit != "4567def, 0123abc" {
		t.Errorf("engine = %q, commit = %q, want one and both", table.Engine, table.Commit)
	}
	for _, row := range p.Times(Augment, results).Rows[:2] {
		if row.Train.Known() != (row.Name == "none") {
			t.Errorf("%s: training time %+v, want none where it was interrupted", row.Name, row.Train)
		}
	}
	if _, err := p.Write(filepath.Join(root, "augment"), Augment, results); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "augment", "bench.txt"))
	if err != nil || !strings.Contains(string(text), "engine: fake") || strings.Contains(string(text), "commit:") {
		t.Errorf("bench.txt holds %q (%v), want the engine and no commit", text, err)
	}
}
