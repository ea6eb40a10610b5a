package sweep

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
)

// WatchFile has the scores of a student in training at every so many steps, on captions that no table uses: they show where variety is lost
// or won.
const WatchFile = "watch.jsonl"

// watchedImages is how many pictures are scored. Of so few, FIDs are larger than those of tables.
const watchedImages = 500

// watch scores the student every w.WatchEvery steps. It does not change what is learned.
func (w *EngineWorker) watch(ctx context.Context, cfg distill.Config, run *record.Run) (func(step int, _ map[string]float64, save func(path string) error) error, error) {
	if w.WatchEvery == 0 {
		return nil, nil
	}
	lines, err := run.Lines(WatchFile)
	if err != nil {
		return nil, err
	}
	published := w.Inputs.Published != nil
	if !published { // whose glances are long
		ctx = context.WithoutCancel(ctx) // an interrupted training finishes its glance, and saves a checkpoint
	}
	path := filepath.Join(run.Dir(), "watched.safetensors")
	last, _, _ := run.LatestCheckpoint()
	return func(step int, _ map[string]float64, save func(path string) error) error {
		due := step/w.WatchEvery > last/w.WatchEvery
		if last = step; !due {
			return nil
		}
		if err := save(path); err != nil {
			return err
		}
		defer os.Remove(path)
		glances, err := w.open(ctx, glanceSetup(w.Inputs.Setup))
		if err != nil {
			return err
		}
		sampling := pipeline.FewSteps(path, cfg.Times, 1, "").For(cfg.StudentNet)
		sampling.UnitNoise = w.Inputs.unitNoise(cfg)
		m, _, err := glances.Evaluate(ctx, sampling)
		if errors.Is(err, protocol.ErrNotNumbers) || published && errors.Is(err, context.Canceled) {
			return nil // the training's own result, or what it saves a checkpoint for
		}
		if err != nil {
			return err
		}
		scores := map[string]float64{"fid": m.FID, "recall": m.Recall}
		if m.CLIP != 0 {
			scores["clip"] = m.CLIP
		}
		if m.Drawing != nil {
			scores["drawing_fid"] = m.Drawing.FID
		}
		if m.Imbalance != nil {
			scores["imbalance"] = *m.Imbalance
		}
		fmt.Fprintf(w.Out, "step %d, %d pictures:", step, m.Images)
		for _, name := range slices.Sorted(maps.Keys(scores)) {
			fmt.Fprintf(w.Out, " %s %.3f", name, scores[name])
		}
		fmt.Fprintln(w.Out)
		return lines.Append(step, scores)
	}, nil
}

// CanWatch is an error where data hold out too few pictures for glances beside the tables.
func (in Inputs) CanWatch() error {
	glance := glanceSetup(in.Setup)
	if have, want := in.Data.Heldout().Len(), glance.First+glance.Images; have < want {
		return fmt.Errorf("sweep: watch wants %d held-out pictures beside the %d of tables, and %s has %d: ask for fewer images", glance.Images, glance.First, in.Data.Name(), have)
	}
	return nil
}

// glanceSetup is of fewer pictures, after those of tables.
func glanceSetup(setup protocol.Setup) protocol.Setup {
	setup.First = 2 * setup.Images // the second half compares real pictures with real ones
	setup.Images = min(watchedImages, setup.Images)
	setup.Blocks = min(setup.Blocks, setup.Images/2)
	return setup
}
