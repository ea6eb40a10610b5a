package sweep

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
)

func TestChangedFieldsAreNamed(t *testing.T) {
	for _, c := range []struct {
		why  string
		edit func(*distill.Config)
		want string
	}{
		{"nothing", func(*distill.Config) {}, ""},
		{"another seed", func(c *distill.Config) { c.Seed = 7 }, ""},
		{"another length, and not its shorter warm-up", func(c *distill.Config) { *c = c.WithSteps(12) }, "steps = 12"},
		{"two fields, one of them within another", func(c *distill.Config) { c.Lambda, c.StudentRate.Peak = 7, .5 }, "lambda = 7, student_rate.peak = 0.5"},
		{"another batch, and not its share of pure noise", func(c *distill.Config) { *c = c.WithBatch(8) }, "batch = 8"},
		{"a field that is off", func(c *distill.Config) { c.Pure, c.SignalLeak = 0, false }, "no pure, no signal_leak"},
		{"a list", func(c *distill.Config) { c.Times = []int{1000} }, "times = [1000]"},
	} {
		cfg, err := distill.DefaultConfig("cpu")
		if err != nil {
			t.Fatal(err)
		}
		preset := cfg
		c.edit(&cfg)
		got, err := changed(preset, cfg)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", c.why, err, diff)
		}
	}
}

// A cell whose name says 2.5 must not be trained with 7.
func TestConfigsThatContradictACell(t *testing.T) {
	mixed := slices.DeleteFunc(slices.Clone(ablations.Consistency.Cells), func(c ablations.Cell) bool { return c.Name != "add-1" && c.Name != "lcm-adv-1" })
	for _, c := range []struct {
		why  string
		axis ablations.Axis
		edit func(*distill.Config)
		want string
	}{
		{"what the axis is about", ablations.Lambda, func(c *distill.Config) { c.Lambda = 7 }, "changes lambda, which cell 0 of axis lambda"},
		{"the same value", ablations.Lambda, func(c *distill.Config) { c.Lambda = 2.5 }, ""},
		{"the value of a cell", ablations.Axis{Name: "two", Cells: ablations.Lambda.Cells[:1]}, func(c *distill.Config) { c.Lambda = 0 }, ""},
		{"another field", ablations.Lambda, func(c *distill.Config) { c.Discriminator.R1Weight = 0 }, ""},
		{"a weighting that two cells would share", ablations.Loss, func(c *distill.Config) { c.Weighting = "sds" }, "changes weighting"},
		{"multiples of another length", ablations.Length, func(c *distill.Config) { *c = c.WithSteps(80) }, ""},
		{"a batch, whose share of pure noise methods set", ablations.Consistency, func(c *distill.Config) { *c = c.WithBatch(8) }, ""},
		{"times that other methods have of their own", ablations.Consistency, func(c *distill.Config) { c.Times = []int{900, 500} }, "changes times"},
		{"what a cell sets to the preset's own value", ablations.Axis{Name: "mixed", Cells: mixed}, func(c *distill.Config) { c.Adversarial = .5 }, "changes adversarial, which cell lcm-adv-1 of axis mixed"},
		{"times that one set is called by", ablations.StudentSteps, func(c *distill.Config) { c.Times = []int{980, 500} }, "changes times"},
	} {
		cfg, err := distill.DefaultConfig("cpu")
		if err != nil {
			t.Fatal(err)
		}
		preset := cfg
		c.edit(&cfg)
		err = conflict(c.axis, preset, cfg)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", c.why, err, c.want)
		}
	}
}
