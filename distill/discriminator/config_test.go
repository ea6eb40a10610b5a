package discriminator

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDefaultConfigIsValid(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestConfigSurvivesJSON(t *testing.T) {
	data, err := json.Marshal(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	var got Config
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(DefaultConfig(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestValidateNamesFieldValueAndWant(t *testing.T) {
	for _, test := range []struct {
		edit func(c *Config)
		want string
	}{
		{func(c *Config) { c.Norm = "layer" }, `discriminator: norm = "layer", want "batch" or "group"`},
		{func(c *Config) { c.NormGroup = 0 }, "discriminator: norm_group = 0, want ≥ 1"},
		{func(c *Config) { c.NormChannels = -1 }, "discriminator: norm_channels = -1, want ≥ 1"},
		{func(c *Config) { c.PerCaption = -1 }, "discriminator: per_caption = -1, want ≥ 0"},
		{func(c *Config) { c.Taps = -1 }, "discriminator: taps = -1, want ≥ 0"},
		{func(c *Config) { c.Renoise = &Renoise{SD: -1} }, "discriminator: renoise = &{0 -1}, want a mean and sd ≥ 0"},
		{func(c *Config) { c.Renoise = &Renoise{Mean: math.NaN()} }, "discriminator: renoise = &{NaN 0}, want a mean and sd ≥ 0"},
		{func(c *Config) { c.AugmentColor = 1.5 }, "discriminator: augment_color = 1.5, want 0 … 1"},
		{func(c *Config) { c.AugmentShift = -0.5 }, "discriminator: augment_shift = -0.5, want 0 … 1"},
		{func(c *Config) { c.Kernel = 4 }, "discriminator: kernel = 4, want an odd number ≥ 1"},
		{func(c *Config) { c.MapDim = 0 }, "discriminator: map_dim = 0, want ≥ 1"},
		{func(c *Config) { c.CropProb = 1 }, "discriminator: crop_prob = 1, want 0.5, the only value"},
		{func(c *Config) { c.R1Weight = math.NaN() }, "discriminator: r1_weight = NaN, want ≥ 0"},
		{func(c *Config) { c.R1Every = 0 }, "discriminator: r1_every = 0, want ≥ 1"},
	} {
		cfg := DefaultConfig()
		test.edit(&cfg)
		if err := cfg.Validate(); err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	for _, c := range []struct {
		why         string
		taps, depth int
		want        []int
	}{
		{"all", 0, 4, []int{0, 1, 2, 3, 4}},
		{"as StyleGAN-T has them", 4, 12, []int{0, 3, 6, 9, 12}},
		{"the last one always", 4, 6, []int{0, 1, 3, 4, 6}},
		{"no more than there are", 4, 2, []int{0, 1, 2}},
	} {
		if got := (Config{Taps: c.taps}).Blocks(c.depth); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
}
