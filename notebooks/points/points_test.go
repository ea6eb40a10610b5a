package points

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/train"
)

func TestModesAreCountedWithinThreeStandardDeviations(t *testing.T) {
	w := Ring()
	at := []float64{.75, 0, .75, .29, .75, .31, -.75, 0, 0, 0, math.NaN(), 0}
	counts, between := w.Modes(at)
	if diff := cmp.Diff([]int{2, 0, 1, 0}, counts); diff != "" || between != 3 {
		t.Errorf("between = %d, want 3; modes (-want +got):\n%s", between, diff)
	}
	if _, outside := w.Modes(w.Sample(1000)); outside > 25 { // exp(−9/2) = 1.1 % of a Gaussian in the plane
		t.Errorf("%d of 1000 points of the data belong to no mode", outside)
	}
}

func TestConfigNamesWhatCannotWork(t *testing.T) {
	for want, edit := range map[string]func(*Config){
		"points: teacher steps = 0, want ≥ 1":     func(c *Config) { c.TeacherSteps = 0 },
		"points: steps = -1, want ≥ 1":            func(c *Config) { c.Steps = -1 },
		"points: batch = 0, want ≥ 1":             func(c *Config) { c.Batch = 0 },
		"points: width = 7, want a multiple of 2": func(c *Config) { c.Width = 7 },
		"points: width = 0, want a multiple of 2": func(c *Config) { c.Width = 0 },
	} {
		cfg := DefaultConfig()
		edit(&cfg)
		if _, err := Open(t.Context(), nil, Ring(), cfg, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}

// Every method of the axis has a config in this world, and a student of it draws points.
func TestEveryMethodHasAConfigOfPoints(t *testing.T) {
	cfg := DefaultConfig()
	cfg.TeacherSteps, cfg.Steps, cfg.Batch, cfg.Width = 4, 4, 16, 8
	l, err := Open(t.Context(), graphtest.Engine(), Ring(), cfg, train.NewProgress(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, cell := range ablations.Method.Cells {
		if _, err := l.Cell(cell); err != nil {
			t.Errorf("%s: %v", cell.Name, err)
		}
	}
	at, err := l.Distill(t.Context(), ablations.Method.Cells[0], 10, train.NewProgress(nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(at) != 20 {
		t.Errorf("%d coordinates, want 20", len(at))
	}
}
