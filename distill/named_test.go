package distill

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/record"
)

// byRegression makes a config regression on few pairs.
func byRegression(c *Config) {
	c.Adversarial, c.Lambda, c.Times = 0, 1, []int{1000}
	c.Method = &Named{Regression{Pairs: Pairs{Count: 64, Sampler: "ddim", Steps: 2, Seed: 1}}}
}

// Configs without a named method have the names that they had before methods were named: their finished runs are found.
func TestNamesOfRunsStay(t *testing.T) {
	cfg, err := DefaultConfig("cpu")
	if err != nil {
		t.Fatal(err)
	}
	fromNoise(&cfg)
	lcm := cfg
	lcm.Adversarial, lcm.Lambda, lcm.TeacherGuidance, lcm.EMA, lcm.Consistency = 0, 1, 2, .95, &Consistency{Grid: 50, Huber: .001}
	for want, c := range map[string]Config{"f1a1526f3d32": cfg, "9425f74f4faf": lcm} {
		if got, err := record.Hash(c); err != nil || got != want {
			t.Errorf("hash = %s, %v, want %s", got, err, want)
		}
	}
}

// A file names a method and the settings that are not its defaults.
func TestSettingsHaveDefaults(t *testing.T) {
	read := func(text string) (c Config, err error) {
		path := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return c, record.Edit(path, &c)
	}
	got, err := read(`{"method": {"regression": {"huber": 0.5, "pairs": {"count": 128}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultRegression
	want.Huber, want.Pairs.Count = .5, 128
	if diff := cmp.Diff(&Named{want}, got.Method); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	text, err := json.Marshal(got.Method)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"regression":{"pairs":{"count":128,"sampler":"dpmpp2m","steps":25,"seed":1},"huber":0.5}}`; string(text) != want {
		t.Errorf("%s, want every field: %s", text, want)
	}
	for text, want := range map[string]string{
		`{"method": {"regression": {"hubris": 1}}}`:       `distill: method.regression: json: unknown field "hubris"`,
		`{"method": {"regress": {}}}`:                     `distill: method = ["regress"], want one of [`,
		`{"method": {"regression": {}, "other": {}}}`:     `distill: method = ["other" "regression"], want one of [`,
		`{"method": {"regression": {"pairs": "plenty"}}}`: "distill: method.regression: json: cannot unmarshal string",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error = %v, want %s", text, err, want)
		}
	}
}

// What a method has no use for is refused by name.
func TestNamedMethodsRefuse(t *testing.T) {
	for want, edit := range map[string]func(*Config){
		`method = {}, want one of [`:                                   func(c *Config) { c.Method = &Named{} },
		"consistency = &{50 0.001}, want none beside":                  func(c *Config) { c.Consistency = &Consistency{Grid: 50, Huber: .001} },
		"adversarial = 1, want 0 with the method regression":           func(c *Config) { c.Adversarial = 1 },
		"distill_pixels = true, want false with the method regression": func(c *Config) { c.DistillPixels = true },
		"lambda_decay, teacher_steps = 0, 2, want 0 and 1 with the":    func(c *Config) { c.TeacherSteps = 2 },
		"times = [1000 500], want one with the method regression":      func(c *Config) { c.Times = []int{1000, 500} },
		"signal_leak = true, want false with the method":               func(c *Config) { c.Times, c.SignalLeak = []int{950}, true },
		"pairs.count = 100, want a multiple of 64":                     pairs(func(p *Pairs) { p.Count = 100 }),
		"pairs.steps = 0, want ≥ 1":                                    pairs(func(p *Pairs) { p.Steps = 0 }),
		`diffusion: sampler = "midpoint", want one of`:                 pairs(func(p *Pairs) { p.Sampler = "midpoint" }),
		"pairs.sampler = euler-ancestral, want one that adds no noise": pairs(func(p *Pairs) { p.Sampler = "euler-ancestral" }),
	} {
		cfg := tinyConfig(t, byRegression)
		edit(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
}

// A config without times is refused by every method, though some ask for the first one.
func TestNamedMethodsWantTimes(t *testing.T) {
	for name, settings := range named {
		cfg := tinyConfig(t)
		cfg.Times, cfg.Adversarial, cfg.Method = nil, 0, &Named{settings}
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "times = [], want falling") {
			t.Errorf("%s: error = %v, want the times", name, err)
		}
	}
}

// pairs edits those of byRegression.
func pairs(edit func(*Pairs)) func(*Config) {
	return func(c *Config) {
		r := c.Method.Settings.(Regression)
		edit(&r.Pairs)
		c.Method = &Named{r}
	}
}
