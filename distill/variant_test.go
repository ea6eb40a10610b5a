package distill

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
)

// variantBundle is the tiny bundle with other networks beside its own.
func variantBundle(t *testing.T) *pretrain.Bundle {
	t.Helper()
	b := tinyBundle(t, 1)
	all, err := pretrain.DefaultVariants("smoke", b.Config)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Trained() {
			all[i].Training.Steps, all[i].Training.Batch = 1, 4
		}
	}
	all = slices.DeleteFunc(all, pretrain.Variant.Published)
	all = append(all, pretrain.Variant{Name: "features-efficientnet", Part: "features", Objective: pretrain.Untrained, EfficientNet: &network.EfficientNetFeatures{
		Size: 2 * tinyworld.Size,
		Net: network.EfficientNetConfig{Stem: 8, Head: 16, Classes: 3, Stages: []network.MBConvStage{
			{Repeat: 1, Kernel: 3, Stride: 2, Expand: 1, Out: 8}, {Repeat: 2, Kernel: 5, Stride: 2, Expand: 2, Out: 12}, {Repeat: 1, Kernel: 3, Stride: 2, Expand: 2, Out: 16},
		}},
	}})
	b, err = pretrain.RunVariants(t.Context(), b, all, pretrain.Options{
		Runs: t.TempDir(), Data: tinyworld.New(), Engine: &engine.Engine{Name: "go", Backend: graphtest.Engine()}, Out: &bytes.Buffer{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// With other networks a step moves what it moves with the bundle's own, and the student has the architecture that was asked for.
func TestOtherNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	b := variantBundle(t)
	for why, edit := range map[string]func(*Config){
		"large features, heads on some blocks": func(c *Config) { c.FeaturesNet, c.Discriminator.Taps = "features-dino2-l", 1 },
		"features without a mask token":        func(c *Config) { c.FeaturesNet = "features-clip-l" },
		"features that were never trained":     func(c *Config) { c.FeaturesNet, c.Discriminator.Taps = "features-untrained-s", 1 },
		"the encoder of a large teacher":       func(c *Config) { c.FeaturesNet = "teacher-l" },
		"two of the encoder's resolutions":     func(c *Config) { c.FeaturesNet, c.Discriminator.Taps = "teacher-l", 1 },
		"maps of a convolutional network":      func(c *Config) { c.FeaturesNet = "features-efficientnet" },
		"two networks at once":                 func(c *Config) { c.FeaturesBeside = "features-efficientnet" },
		"some of its maps":                     func(c *Config) { c.FeaturesNet, c.Discriminator.Taps = "features-efficientnet", 1 },
		"a large teacher":                      func(c *Config) { c.TeacherNet = "teacher-l" },
		"a large student":                      func(c *Config) { c.StudentNet = "teacher-l" },
		"a transformer by Muon":                func(c *Config) { c.StudentNet, c.TeacherNet, c.Muon = "teacher-dit", "teacher-dit", true },
		"a transformer from random weights":    func(c *Config) { c.StudentNet, c.Init = "teacher-dit", Random },
	} {
		t.Run(why, func(t *testing.T) {
			cfg := tinyConfig(t, func(c *Config) { c.Steps = 1 }, edit)
			n := newBench(t, cfg, b)
			before := snapshot(n.store)
			n.take(t, 1)
			moved := movedScopes(before, snapshot(n.store))
			if diff := cmp.Diff([]string{discriminatorScope, "optimizer", studentScope, studentEMAScope}, moved); diff != "" {
				t.Errorf("moved (-want +got)\n%s", diff)
			}
			student, err := weights.FromStore(n.store, "/"+studentEMAScope)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Check(graphtest.Engine(), cfg.Student(), student); err != nil {
				t.Error(err)
			}
			used := NewRunConfig(cfg, b, tinyworld.New()).Weights
			for _, part := range cfg.Parts() {
				if used[part] == "" || used[part] != b.Files[part] {
					t.Errorf("the run names %s by %q, want %q", part, used[part], b.Files[part])
				}
			}
		})
	}
	if _, _, err := prepare(Inputs{Config: tinyConfig(t, func(c *Config) { c.FeaturesNet = "teacher-dit" }), Bundle: b, Data: tinyworld.New(), Backend: graphtest.Engine()}, nil); err == nil || !strings.Contains(err.Error(), `features_net = "teacher-dit"`) {
		t.Errorf("error = %v, want the transformer refused, which has no encoder", err)
	}
	_, err := newStore(graphtest.Engine(), b, tinyConfig(t, func(c *Config) { c.TeacherNet = "teacher-xl" }), true)
	if !errors.Is(err, pretrain.ErrMissing) || !strings.Contains(err.Error(), "teacher-xl") {
		t.Errorf("error = %v, want the network that is missing", err)
	}
}

// The default config still names its runs as before there were other networks.
func TestDefaultRunKeepsItsName(t *testing.T) {
	b := tinyBundle(t, 1)
	used := NewRunConfig(tinyConfig(t), b, tinyworld.New()).Weights
	want := map[string]string{"text": b.Files["text"], "teacher": b.Files["teacher"], "features": b.Files["features"]}
	if diff := cmp.Diff(want, used); diff != "" {
		t.Errorf("weights (-want +got)\n%s", diff)
	}
}
