package distill

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

func TestDivergence(t *testing.T) {
	b := tinyBundle(t, 1)
	nan := float32(math.NaN())
	for _, test := range []struct {
		name, want string
		edit       func(c *Config)
		data       dataset.Dataset
	}{
		{"pictures that are no numbers", "at step 1", func(*Config) {}, &world{Scenes: tinyworld.New(), filter: func(_ int, s dataset.Sample) dataset.Sample {
			s.Image.Pix[0] = nan
			return s
		}}},
		{"a rate without measure", "at step ", func(c *Config) { c.StudentRate.Peak, c.StudentRate.Warmup = 1e30, 0 }, tinyworld.New()},
	} {
		dir, err := trainOnce(t.Context(), t, tinyConfig(t, test.edit), b, t.TempDir(), test.data)
		if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error = %v, want ErrDiverged %s", test.name, err, test.want)
		}
		if _, err := os.Stat(filepath.Join(dir, StudentFile)); err == nil {
			t.Errorf("%s: a student was written", test.name)
		}
	}
}

// A warning reaches who watches the training, once. The first pictures of a student from random weights are all gray.
func TestWarningsAreTold(t *testing.T) {
	b, cfg := tinyBundle(t, 1), tinyConfig(t, func(c *Config) { c.Init, c.Steps, c.StudentRate.Peak, c.DiscriminatorRate.Warmup = Random, 3, 1e-9, 1 })
	run := openRun(t, t.TempDir(), cfg, b)
	defer run.Close()
	var said bytes.Buffer
	in := Inputs{Config: cfg, Bundle: b, Data: tinyworld.New(), Backend: graphtest.Engine()}
	if err := new(Trainer).Train(t.Context(), in, run, train.NewProgress(&said)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(said.String(), "distill: step 2: all generated pictures look the same"); n != 1 || strings.Count(said.String(), "look the same") != 1 {
		t.Errorf("%q, want the warning of step 2, after the warm-up, and no other of its kind", &said)
	}
	if text, err := os.ReadFile(filepath.Join(run.Dir(), "health.jsonl")); strings.Count(string(text), "look the same") != 3 {
		t.Errorf("health.jsonl: %s, %v, want a warning in each line", text, err)
	}
}

func TestHealthWarnings(t *testing.T) {
	sound := map[string]float64{"acc_real": 0.8, "acc_fake": 0.7, "pixel_var": 0.2, "logit_real": 0.5, "logit_fake": -0.25, "adv_grad": 3, "distill_grad": 2}
	for _, test := range []struct {
		name   string
		values map[string]float64
		adv    float64
		want   []string // in the warnings, in order
	}{
		{"sound", nil, 1, nil},
		{"too strong", map[string]float64{"acc_real": 0.97, "acc_fake": 0.96}, 1, []string{"over 95 %"}},
		{"strong on one side only", map[string]float64{"acc_real": 0.99}, 1, nil},
		{"too weak", map[string]float64{"acc_real": 0.5, "acc_fake": 0.54}, 1, []string{"less than 55 %"}},
		{"few tokens, but every picture", map[string]float64{"acc_real": 0.5, "acc_fake": 0.54, "auc_pure": 0.95}, 1, nil},
		{"no discriminator to be weak", map[string]float64{"acc_real": 0, "acc_fake": 0}, 0, nil},
		{"collapse under a strong discriminator", map[string]float64{"acc_real": 1, "acc_fake": 1, "pixel_var": 0.001}, 1, []string{"over 95 %", "look the same"}},
		{"no distillation, no ratio", map[string]float64{"distill_grad": 0}, 1, nil},
	} {
		mean := map[string]float64{}
		for _, values := range []map[string]float64{sound, test.values} {
			for name, x := range values {
				mean[name] = x
			}
		}
		v := newHealth(mean, test.adv > 0)
		if len(v.Warnings) != len(test.want) {
			t.Errorf("%s: warnings = %q, want %q", test.name, v.Warnings, test.want)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(v.Warnings[i], want) {
				t.Errorf("%s: warning = %q, want %q in it", test.name, v.Warnings[i], want)
			}
		}
		ratio := record.Number(1.5)
		if mean["distill_grad"] == 0 {
			ratio = 0
		}
		if v.LogitGap != 0.75 || v.GradRatio != ratio {
			t.Errorf("%s: logit gap = %v, ratio = %v, want 0.75 and %v", test.name, v.LogitGap, v.GradRatio, ratio)
		}
	}
}
