package distill

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train/optim"
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

// Each method refuses settings that cannot work, and of the config what it has no use for.
func TestSettingsAreWanted(t *testing.T) {
	for _, test := range []struct {
		method func(*Config)
		want   string
		edit   func(*Config)
	}{
		{byRegression, "lambda = 0, want > 0 where adversarial = 0", func(c *Config) { c.Lambda = 0 }},
		{byRegression, "lambda = 0, want > 0 with the method regression", func(c *Config) { c.Lambda, c.Adversarial = 0, 1 }},
		{byRegression, "discriminator.per_caption = 2, want 1 with the method regression", func(c *Config) { c.Adversarial, c.Discriminator.PerCaption = 1, 2 }},
		{byRegression, "pairs.count = 0, want a multiple of 64", pairs(func(p *Pairs) { p.Count = 0 })},
		{byRegression, "pairs.count = 262144, want a multiple of 64 up to 131072", pairs(func(p *Pairs) { p.Count = 1 << 18 })},
		{byRegression, "method.regression.huber = -1, want ≥ 0", setting(func(r *Regression) { r.Huber = -1 })},
		{reflowed, "method.reflow.bound = 0, want ≥ 1", setting(func(r *Reflow) { r.Bound = 0 })},
		{reflowed, "method.reflow.regress = 1.5, want 0 … 1", setting(func(r *Reflow) { r.Regress = 1.5 })},
		{reflowed, "pairs.steps = 0, want ≥ 1", setting(func(r *Reflow) { r.Pairs.Steps = 0 })},
		{reflowed, "adversarial = 1, want 0 with the method reflow", func(c *Config) { c.Adversarial = 1 }},
		{progressed, "method.progressive.from, to = 6, 4, want", setting(func(p *Progressive) { p.From, p.To = 6, 4 })},
		{progressed, "method.progressive.from, to = 12, 1, want", setting(func(p *Progressive) { p.From = 12 })},
		{progressed, "method.progressive.from, to = 4, 0, want", setting(func(p *Progressive) { p.To = 0 })},
		{progressed, "steps = 1, want at least one for each stage", func(c *Config) { c.Steps, c.StudentRate.Warmup, c.DiscriminatorRate.Warmup = 1, 0, 0 }},
		{progressed, "times = [1000 500], want 1 with the method progressive", func(c *Config) { c.Times = []int{1000, 500} }},
		{progressed, "times = [900], want even ones from 1000", func(c *Config) { c.Times = []int{900} }},
		{progressed, "student_net = teacher-l, want the teacher's", func(c *Config) { c.StudentNet = "teacher-l" }},
		{progressed, "adversarial = 1, want 0 with the method progressive", func(c *Config) { c.Adversarial = 1 }},
		{continuous, "method.scm.sd = 0, want > 0", setting(func(s *SCM) { s.SD = 0 })},
		{continuous, "method.scm.delta = 0.1, want within 0 … 0.1", setting(func(s *SCM) { s.Delta = .1 })},
		{continuous, "method.scm.warmup = 2, want 0 … 1", setting(func(s *SCM) { s.Warmup = 2 })},
		{continuous, "method.scm.anchor = 1, want within 0 … 1", setting(func(s *SCM) { s.Anchor = 1 })},
		{continuous, "method.scm.turns = 0, want > 0", setting(func(s *SCM) { s.Turns = 0 })},
		{continuous, "method.scm.normal = 0, want > 0", setting(func(s *SCM) { s.Normal = 0 })},
		{continuous, "times = [750 500], want 1000 first with the method scm", func(c *Config) { c.Times = []int{750, 500} }},
		{continuous, "adversarial = 1, want 0 with the method scm", func(c *Config) { c.Adversarial = 1 }},
		{scoreIdentical, "matching = <nil>, want set, from step 1", func(c *Config) { c.Adversarial, c.Matching = 1, nil }},
		{scoreIdentical, "matching = &{", func(c *Config) { c.Matching.From = 2 }},
		{scoreIdentical, "lambda = 1, want 0 with the method sid", func(c *Config) { c.Lambda = 1 }},
		{scoreIdentical, "method.sid.alpha = 0.4, want ≥ 0.5", setting(func(s *SiD) { s.Alpha = .4 })},
		{diffusionGAN, "adversarial = 0, want > 0 with the method ufogen", func(c *Config) { c.Adversarial = 0 }},
		{diffusionGAN, "matching = &{", func(c *Config) { c.Matching = aMatching() }},
		{diffusionGAN, "discriminator.renoise = &{0 1}, want none with the method ufogen", func(c *Config) { c.Discriminator.Renoise = &discriminator.Renoise{SD: 1} }},
		{diffusionGAN, "discriminator.image = true, want false with the method ufogen", func(c *Config) { c.Discriminator.Image = true }},
		{diffusionGAN, "discriminator.per_caption = 2, want 1 with the method ufogen", func(c *Config) { c.Discriminator.PerCaption = 2 }},
		{diffusionGAN, "method.ufogen.max_snr = 0, want > 0", setting(func(u *UFOGen) { u.MaxSNR = 0 })},
		{diffusionGAN, "lambda_decay, teacher_steps = 0.5, 1, want 0 and 1", func(c *Config) { c.LambdaDecay = .5 }},
		{diffusionGAN, "pure = 2, want 0 with the method ufogen", func(c *Config) { c.Pure = 2 }},
		{fDistilled("js"), "method.f-distill.min_ratio, max_ratio = 2, 2, want 0 < min ≤ 1 ≤ max", setting(func(d *FDistill) { d.MinRatio, d.MaxRatio = 2, 2 })},
		{fDistilled("js"), "method.f-distill.min_ratio, max_ratio = 0.1, 0.5, want", setting(func(d *FDistill) { d.MinRatio, d.MaxRatio = .1, .5 })},
		{fDistilled("js"), "method.f-distill.ratio_ema = 1, want in [0,1)", setting(func(d *FDistill) { d.RatioEMA = 1 })},
		{fDistilled("js"), "matching = &{", func(c *Config) { c.Matching.From = 2 }},
		{fDistilled("js"), "softplus = 0, true, want > 0 and true", func(c *Config) { c.Adversarial = 0 }},
		{fDistilled("js"), "discriminator.renoise = &{0 1}, want none with the method f-distill", func(c *Config) { c.Discriminator.Renoise = &discriminator.Renoise{SD: 1} }},
		{fDistilled("js"), "discriminator.image = true, want false with the method f-distill", func(c *Config) { c.Discriminator.Image = true }},
	} {
		cfg := tinyConfig(t, test.method)
		test.edit(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error = %v, want %s", err, test.want)
		}
	}
}

func aMatching() *Matching {
	return &Matching{Weight: .5, From: 1, Min: 20, Max: 980, Rate: optim.Rate{Peak: 1e-3}}
}

// setting edits the settings of the config's method.
func setting[S Settings](edit func(*S)) func(*Config) {
	return func(c *Config) {
		s := c.Method.Settings.(S)
		edit(&s)
		c.Method = &Named{s}
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
func pairs(edit func(*Pairs)) func(*Config) { return setting(func(r *Regression) { edit(&r.Pairs) }) }

// With several batches a step, each network moves once in an update: the first step of Adam is as long as the rate, whatever the gradient.
func TestAccumulatedBatchesAreOneStep(t *testing.T) {
	longest := func(before, after map[string][]float32) (move float64) {
		for path, x := range after {
			for i := range x {
				if !strings.HasSuffix(path, "/u") { // the power iteration of the spectral norm is no weight
					move = max(move, math.Abs(float64(x[i]-before[path][i])))
				}
			}
		}
		return move
	}
	for name, method := range map[string]func(*Config){
		"add": func(*Config) {}, "lcm": consistent, "regression": byRegression, "reflow": reflowed, "progressive": progressed,
		"scm": func(c *Config) { continuous(c); setting(func(s *SCM) { s.Turns = 1e9 })(c) }, // it keeps all waves
		"sid": scoreIdentical, "ufogen": diffusionGAN, "f-distill": fDistilled("js"),
		"f-distill, three updates of the critics": func(c *Config) { fDistilled("js")(c); c.DiscriminatorUpdates = 3 },
		"regression by LoRA":                      func(c *Config) { byRegression(c); c.LoRA = 2 },
		"f-distill by LoRA":                       func(c *Config) { fDistilled("js")(c); c.LoRA = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := tinyConfig(t, method, func(c *Config) {
				c.Accumulate, c.Batch, c.EMA, c.StudentRate.Warmup, c.DiscriminatorRate.Warmup, c.ClipNorm = 3, 2, 0, 0, 0, 0
			})
			n := newBench(t, cfg, tinyBundle(t, 1))
			before := snapshot(n.store)
			n.take(t, 1)
			after := snapshot(n.store)
			for scope, rate := range rates(cfg) {
				moves := 1.
				if scope != studentScope {
					for k := 2; k <= cfg.DiscriminatorUpdates; k++ { // later moves of Adam are this long where gradients grow
						moves += math.Sqrt(float64(k))
					}
				}
				if got := longest(below(before, scope), below(after, scope)); got < .9*rate || got > 1.1*moves*rate {
					t.Errorf("longest move of %s = %g, want the rate %g to %g times it", scope, got, rate, moves)
				}
			}
			for path, sum := range below(after, "optimizer") {
				if strings.Contains(path, "/gradient/") && slices.ContainsFunc(sum, func(x float32) bool { return x != 0 }) {
					t.Errorf("%s is kept for the next step", path)
				}
			}
			if diff := cmp.Diff(below(after, studentScope), below(after, studentEMAScope)); diff != "" {
				t.Errorf("average without memory (-student +average):\n%.300s", diff)
			}
		})
	}
}
