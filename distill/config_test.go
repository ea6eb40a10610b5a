package distill

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

func TestDefaultConfigs(t *testing.T) {
	for _, scale := range Scales {
		cfg, err := DefaultConfig(scale)
		if err != nil {
			t.Fatal(err)
		}
		if err := cfg.Validate(); err != nil {
			t.Errorf("%s: %v", scale, err)
		}
		data, err := json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var back Config
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(cfg, back); diff != "" {
			t.Errorf("%s does not survive JSON (-want +got):\n%s", scale, diff)
		}
	}
	if _, err := DefaultConfig("huge"); err == nil || !strings.Contains(err.Error(), `distill: scale = "huge", want one of ["smoke" "cpu" "gpu" "paper"]`) {
		t.Errorf("error = %v, want the scale and the choices", err)
	}
}

func TestValidateNamesFieldValueAndWant(t *testing.T) {
	for _, test := range []struct {
		name, want string
		edit       func(c *Config)
	}{
		{"config of another recipe", "distill: recipe = 0, want 1, this program's", func(c *Config) { c.Recipe = 0 }},
		{"nothing to do", "distill: steps = 0, want ≥ 1", func(c *Config) { c.Steps = 0 }},
		{"empty batch", "distill: batch = 0, want ≥ 1", func(c *Config) { c.Batch = 0 }},
		{"less than no batch", "distill: accumulate = -1, want ≥ 0", func(c *Config) { c.Accumulate = -1 }},
		{"passes that Muon does not add up", "distill: accumulate = 2, want 0 or 1 with muon", func(c *Config) { c.Accumulate, c.Muon = 2, true }},
		{"no times", "distill: times = [], want falling timesteps within 1000", func(c *Config) { c.Times = nil }},
		{"a time beyond pure noise", "distill: times = [1001 500], want falling timesteps within 1000", func(c *Config) { c.Times = []int{1001, 500} }},
		{"rising times", "distill: times = [1000 250 500], want falling", func(c *Config) { c.Times = []int{1000, 250, 500} }},
		{"a time twice, which no sampler takes", "distill: times = [1000 500 500], want falling", func(c *Config) { c.Times = []int{1000, 500, 500} }},
		{"a negative weight of the real picture", "distill: reconstruct = -1, want ≥ 0", func(c *Config) { c.Reconstruct = -1 }},
		{"no later time to reconstruct at", "distill: reconstruct = 1, want 0 with one time", func(c *Config) { c.Reconstruct, c.Times, c.Pure = 1, []int{980}, 0 }},
		{"reconstruction beside consistency", "distill: reconstruct = 1, want 0 with one time, and with other methods than ADD", func(c *Config) { consistent(c); c.Reconstruct = 1 }},
		{"one time told to the heads", "distill: discriminator.student_time = true, want false with one time", func(c *Config) { c.Discriminator.StudentTime, c.Times, c.Pure = true, []int{980}, 0 }},
		{"no heads to tell a time", "distill: discriminator.student_time = true, want false with one time or without a discriminator", func(c *Config) { c.Discriminator.StudentTime, c.Adversarial = true, 0 }},
		{"scores of pure noise without a share of it", "distill: matching.pure_only = true, want false where pure = 0", func(c *Config) { c.Matching, c.Pure = aMatching(), 0; c.Matching.PureOnly = true }},
		{"a clean picture as input", "distill: times = [1000 0], want falling", func(c *Config) { c.Times = []int{1000, 0} }},
		{"unknown start", "distill: init = zero, want pretrained or random", func(c *Config) { c.Init = "zero" }},
		{"negative weight", "distill: adversarial = -1, want ≥ 0", func(c *Config) { c.Adversarial = -1 }},
		{"negative λ", "distill: lambda = -2.5, want ≥ 0", func(c *Config) { c.Lambda = -2.5 }},
		{"λ is no number", "distill: lambda = NaN, want ≥ 0", func(c *Config) { c.Lambda = math.NaN() }},
		{"no loss at all", "distill: lambda = 0, want > 0 where adversarial = 0", func(c *Config) { c.Adversarial, c.Lambda = 0, 0 }},
		{"more decay than λ", "distill: lambda_decay = 1.5, want 0 … 1", func(c *Config) { c.LambdaDecay = 1.5 }},
		{"a decay of no λ", "distill: lambda_decay = 0.5, want 0 without both losses", func(c *Config) { c.Lambda, c.LambdaDecay = 0, .5 }},
		{"a decay without a discriminator", "distill: lambda_decay = 0.5, want 0 without both losses", func(c *Config) { c.Adversarial, c.LambdaDecay = 0, .5 }},
		{"a decay of consistency", "distill: lambda_decay = 0.5, want 0 without both losses", func(c *Config) { consistent(c); c.Adversarial, c.LambdaDecay = 1, .5 }},
		{"unknown reduction", "distill: reduction = max, want sum, patch or mean", func(c *Config) { c.Reduction = "max" }},
		{"unknown weighting", `weighting = "snr", want one of ["exp" "sds" "nfsd"]`, func(c *Config) { c.Weighting = "snr" }},
		{"weighting in capitals", `weighting = "EXP", want one of ["exp" "sds" "nfsd"]`, func(c *Config) { c.Weighting = "EXP" }},
		{"teacher times out of order", "distill: teacher_min, teacher_max = 900, 100, want 0 ≤ min < max ≤ 1000", func(c *Config) { c.TeacherMin, c.TeacherMax = 900, 100 }},
		{"a signal leak where nothing is left", "distill: signal_leak = true, want false with times that begin at 1000", func(c *Config) { c.Times, c.SignalLeak = []int{1000, 500}, true }},
		{"teacher time beyond pure noise", "distill: teacher_min, teacher_max = 20, 1001, want", func(c *Config) { c.TeacherMax = 1001 }},
		{"a negative caption that nobody reads", `distill: negative = "blurry", want "" without the weighting nfsd`, func(c *Config) { c.Negative = "blurry" }},
		{"steps that nfsd would ignore", "distill: teacher_steps = 2, want 1 with nfsd", func(c *Config) { c.TeacherSteps, c.Weighting = 2, "nfsd" }},
		{"a level where there is no noise", "distill: discriminator.level = true, want false without discriminator.renoise", func(c *Config) { c.Discriminator.Level = true }},
		{"no teacher step", "distill: teacher_steps = 0, want ≥ 1", func(c *Config) { c.TeacherSteps = 0 }},
		{"negative guidance", "distill: teacher_guidance = -1, want ≥ 0", func(c *Config) { c.TeacherGuidance = -1 }},
		{"consistency without a distillation loss", "distill: lambda, teacher_steps = 0, 1, want > 0 and 1 with consistency", func(c *Config) { consistent(c); c.Adversarial, c.Lambda = 1, 0 }},
		{"consistency by two teacher steps", "distill: lambda, teacher_steps = 1, 2, want", func(c *Config) { consistent(c); c.TeacherSteps = 2 }},
		{"consistency from another timestep", "distill: times = [950 500], want 1000 first with consistency", func(c *Config) { consistent(c); c.Times = []int{950, 500} }},
		{"consistency between pictures", "distill: distill_pixels = true, want false with consistency", func(c *Config) { consistent(c); c.DistillPixels = true }},
		{"a grid without steps", "distill: consistency.grid = 0, want ≥ 1", func(c *Config) { consistent(c); c.Consistency.Grid = 0 }},
		{"a distance without a bend", "distill: consistency.huber = 0, want > 0", func(c *Config) { consistent(c); c.Consistency.Huber = 0 }},
		{"consistency on the default", "distill: signal_leak = true, want false with consistency", func(c *Config) { c.SignalLeak, c.Consistency = true, &Consistency{Grid: 50, Huber: .001} }},
		{"no picture left for the grid", "distill: pure = 8, want 0 to 7, within the batch", func(c *Config) { consistent(c); c.Pure = c.Batch }},
		{"matching where nothing is drawn from pure noise", "distill: pure = 0, want ≥ 1 with matching", func(c *Config) { matched(c); c.Pure = 0 }},
		{"a share of pure noise where all is pure noise", "distill: pure = 2, want 0 with one time", func(c *Config) { c.Times, c.Pure = []int{1000}, 2 }},
		{"a discriminator that is not there moves twice", "distill: discriminator_updates = 2, want 0 or 1 without", func(c *Config) { c.Adversarial, c.DiscriminatorUpdates = 0, 2 }},
		{"pure noise that never begins", "distill: pure_from = 5, want 0 to steps = 4", func(c *Config) { c.Pure, c.PureFrom = 2, 5 }},
		{"a step for a share that is not asked for", "distill: pure_from = 2, want 0 where pure = 0", func(c *Config) { c.Pure, c.PureFrom = 0, 2 }},
		{"matching before anything is drawn from pure noise", "distill: matching.from = 1, want pure_from = 2 to", func(c *Config) { matched(c); c.PureFrom = 2 }},
		{"matching that never begins", "distill: matching.from = 5, want pure_from = 0 to steps = 4", func(c *Config) { matched(c); c.Matching.From = 5 }},
		{"matching that pulls nothing", "distill: matching.weight = 0, want > 0", func(c *Config) { matched(c); c.Matching.Weight = 0 }},
		{"matching at pure noise", "distill: matching.min, max = 20, 1000, want 0 ≤ min < max < 1000", func(c *Config) { matched(c); c.Matching.Max = 1000 }},
		{"a fake score that stands still", "distill: matching.rate.peak = 0, want > 0", func(c *Config) { matched(c); c.Matching.Rate.Peak = 0 }},
		{"student stands still", "distill: student_rate.peak = 0, want > 0", func(c *Config) { c.StudentRate.Peak = 0 }},
		{"a rate that falls over 30 trainings", "distill: student_rate.decay = 30, want 0 … 1, a share of all steps", func(c *Config) { c.StudentRate.Decay = 30 }},
		{"a rate that ends below 0", "distill: discriminator_rate.final = -1, want 0 … 1", func(c *Config) { c.DiscriminatorRate.Final = -1 }},
		{"a gradient without a norm", "distill: clip_norm = -1, want ≥ 0", func(c *Config) { c.ClipNorm = -1 }},
		{"average never moves", "distill: ema = 1, want in [0,1)", func(c *Config) { c.EMA = 1 }},
		{"less than no update", "distill: discriminator_updates = -1, want ≥ 0", func(c *Config) { c.DiscriminatorUpdates = -1 }},
		{"captions that share nothing of a batch", "distill: discriminator.per_caption = 3, want a divisor of batch = 8 and of pure = 6", func(c *Config) { c.Discriminator.PerCaption = 3 }},
		{"captions cut at pure noise", "distill: discriminator.per_caption = 4, want a divisor of batch = 8 and of pure = 6", func(c *Config) { c.Discriminator.PerCaption = 4 }},
		{"captions for heads that are not there", "distill: discriminator.per_caption = 2, want 0 without", func(c *Config) { c.Adversarial, c.Discriminator.PerCaption = 0, 2 }},
		{"unknown precision", `distill: precision = "fp16", want "" for float32, or "bf16"`, func(c *Config) { c.Precision = "fp16" }},
		{"negative rank", "distill: lora = -1, want ≥ 0", func(c *Config) { c.LoRA = -1 }},
		{"a difference from random weights", "distill: lora = 4, want 0 for a student that does not begin as its teacher", func(c *Config) { c.LoRA, c.Init = 4, Random }},
		{"a difference from another network", "distill: lora = 4, want 0 for a student that does not begin as its teacher", func(c *Config) { c.LoRA, c.StudentNet = 4, "teacher-l" }},
		{"a difference that Muon would move", "distill: lora = 4, want 0 with muon", func(c *Config) { c.LoRA, c.Muon = 4, true }},
		{"a difference where a method changes weights", "distill: lora = 4, want 0 with the method scm, which reads all weights", func(c *Config) { fromNoise(c); continuous(c); c.LoRA = 4 }},
		{"a difference that becomes a teacher", "distill: lora = 4, want 0 with the method progressive, which reads all weights", func(c *Config) { fromNoise(c); progressed(c); c.LoRA = 4 }},
		{"discriminator's own fields", "discriminator: kernel = 2, want an odd number ≥ 1", func(c *Config) { c.Discriminator.Kernel = 2 }},
	} {
		cfg, err := DefaultConfig("smoke")
		if err != nil {
			t.Fatal(err)
		}
		test.edit(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error = %v, want %s", test.name, err, test.want)
		}
	}
}

// Another batch keeps the share of pictures that begin at pure noise.
func TestWithBatch(t *testing.T) {
	cfg, err := DefaultConfig("cpu")
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.WithBatch(8); got.Batch != 8 || got.Pure != 6 {
		t.Errorf("batch %d with %d at pure noise, want 8 with 6", got.Batch, got.Pure)
	}
}

// A run is named by everything that decides its student: no field may be left out of the hash, and nothing else be in it.
func TestRunConfigHash(t *testing.T) {
	cfg, err := DefaultConfig("smoke")
	if err != nil {
		t.Fatal(err)
	}
	bundle := func(files map[string]string) *pretrain.Bundle { return &pretrain.Bundle{Files: files} }
	files := map[string]string{"text": "a", "teacher": "b", "features": "c", "pair": "d", "classifier": "e"}
	hash := func(c Config, files map[string]string, data dataset.Dataset) string {
		t.Helper()
		h, err := record.Hash(NewRunConfig(c, bundle(files), data))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	base := hash(cfg, files, tinyworld.New())
	names := map[string]string{base: "nothing"}
	differs := func(what, h string) {
		t.Helper()
		if other, taken := names[h]; taken {
			t.Errorf("changing %s gives the hash of changing %s", what, other)
		}
		names[h] = what
	}

	changed := cfg
	fields := eachLeaf(t, reflect.ValueOf(&changed).Elem(), "", func(path string) { differs(path, hash(changed, files, tinyworld.New())) })
	if fields < 30 {
		t.Errorf("%d fields were changed, want all of Config", fields)
	}
	for part := range files {
		other := maps.Clone(files)
		other[part] += "x"
		switch h := hash(cfg, other, tinyworld.New()); part {
		case "pair", "classifier": // the judges do not name what they judge
			if h != base {
				t.Errorf("another %s network gives the run another name", part)
			}
		default:
			differs("weights of "+part, h)
		}
	}
	differs("data", hash(cfg, files, &dataset.Scenes{Config: dataset.ScenesConfig{Size: tinyworld.Size, MaxObjects: 3, Jitter: 1, Seed: 1}}))
}

// eachLeaf changes one field after the other, calls visit, and puts the old value back.
func eachLeaf(t *testing.T, v reflect.Value, path string, visit func(path string)) (fields int) {
	t.Helper()
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fields += eachLeaf(t, v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
		return fields
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		visit(path)
		fields = 1 + eachLeaf(t, v.Elem(), path, visit)
		v.Set(old)
		return fields
	case reflect.Interface: // settings of every method
		for _, name := range slices.Sorted(maps.Keys(named)) {
			s := reflect.New(reflect.TypeOf(named[name]))
			s.Elem().Set(reflect.ValueOf(named[name]))
			v.Set(s.Elem())
			visit(path + "." + name)
			fields += 1 + eachLeaf(t, s.Elem(), path+"."+name, func(path string) { v.Set(s.Elem()); visit(path) })
		}
		v.Set(old)
		return fields
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float() + 0.25)
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), v.Len()+1, v.Len()+1))
	default:
		t.Fatalf("%s has kind %s, which this test cannot change", path, v.Kind())
	}
	visit(path)
	v.Set(old)
	return 1
}
