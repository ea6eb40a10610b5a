package sweep

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
)

// WatchFile has a Glance for every so many steps of a training.
const WatchFile = "watch.jsonl"

// watchedImages is how many pictures a glance scores.
const watchedImages = 500

// Glance scores a student in training at one step, on captions that no table uses: it shows where variety is lost or won. Of so few
// pictures FIDs are larger than those of tables.
type Glance struct {
	FID       record.Number `json:"fid"`
	Drawing   record.Number `json:"drawing_fid"`
	CLIP      record.Number `json:"clip"`
	Imbalance record.Number `json:"imbalance"`
	Recall    record.Number `json:"recall"`
}

// watch scores the student every w.WatchEvery steps. It does not change what is learned.
func (w *EngineWorker) watch(ctx context.Context, cfg distill.Config, run *record.Run) (func(step int, _ map[string]float64, save func(path string) error) error, error) {
	if w.WatchEvery == 0 {
		return nil, nil
	}
	lines, err := run.Lines(WatchFile)
	if err != nil {
		return nil, err
	}
	path, last := filepath.Join(run.Dir(), "watched.safetensors"), 0
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
		m, _, err := glances.Evaluate(ctx, pipeline.FewSteps(path, cfg.Times, 1, "").For(cfg.StudentNet))
		if errors.Is(err, protocol.ErrNotNumbers) {
			return nil // the training's own result
		}
		if err != nil {
			return err
		}
		g := newGlance(m)
		fmt.Fprintf(w.Out, "step %d, %d pictures: %s\n", step, m.Images, g)
		return lines.Append(step, g)
	}, nil
}

func newGlance(m protocol.Metrics) Glance {
	g := Glance{FID: record.Number(m.FID), CLIP: record.Number(m.CLIP), Recall: record.Number(m.Recall), Drawing: record.Number(math.NaN()), Imbalance: record.Number(math.NaN())}
	if m.Drawing != nil {
		g.Drawing = record.Number(m.Drawing.FID)
	}
	if m.Imbalance != nil {
		g.Imbalance = record.Number(*m.Imbalance)
	}
	return g
}

func (g Glance) String() string {
	text := fmt.Sprintf("FID %.1f, CLIP score %.3f, recall %.3f", g.FID, g.CLIP, g.Recall)
	for _, known := range []struct {
		name  string
		value record.Number
	}{{"drawing FID", g.Drawing}, {"imbalance", g.Imbalance}} {
		if v := float64(known.value); !math.IsNaN(v) {
			text += fmt.Sprintf(", %s %.2f", known.name, v)
		}
	}
	return text
}

// glanceSetup is of fewer pictures, after those of tables.
func glanceSetup(setup protocol.Setup) protocol.Setup {
	setup.First = 2 * setup.Images // the second half compares real pictures with real ones
	setup.Images = min(watchedImages, setup.Images)
	setup.Blocks = min(setup.Blocks, setup.Images/2)
	return setup
}
