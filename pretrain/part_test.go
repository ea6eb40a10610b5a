package pretrain

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train/optim"
)

// The hash of a part's run: it must follow whatever decides its weights, and nothing that decides only those of other parts, or
// else changing one network would train all of them again.
func TestPartConfigHash(t *testing.T) {
	hashes := func(c *Trainer, from string) map[string]string {
		t.Helper()
		h := map[string]string{}
		for _, part := range Parts {
			given := ""
			if part == "teacher" {
				given = from
			}
			cfg, err := c.PartConfig(part, given)
			if err != nil {
				t.Fatal(err)
			}
			if h[part], err = record.Hash(cfg); err != nil {
				t.Fatal(err)
			}
		}
		return h
	}
	base := hashes(tinyTrainer(t, 1), "run")
	distinct := map[string]bool{}
	for _, h := range base {
		distinct[h] = true
	}
	if len(distinct) != len(Parts) {
		t.Errorf("parts share names: %v", base)
	}

	for _, test := range []struct {
		name string
		edit func(c *Trainer)
		want string // parts that change
	}{
		{"nothing", func(*Trainer) {}, ""},
		{"training of text", func(c *Trainer) { c.Config.TextTraining.Steps++ }, "text"},
		{"training of features", func(c *Trainer) { c.Config.FeaturesTraining.Batch++ }, "features"},
		{"training of classifier", func(c *Trainer) { c.Config.ClassifierTraining.Rate.Peak *= 2 }, "classifier"},
		{"training of pair", func(c *Trainer) { c.Config.PairTraining.Rate.Warmup++ }, "pair"},
		{"training of teacher", func(c *Trainer) { c.Config.TeacherTraining.Rate.Decay = 0.1 }, "teacher"},
		{"text encoder, which the teacher tunes", func(c *Trainer) { c.Config.Networks.Text.Layers++ }, "text teacher"},
		{"image tower", func(c *Trainer) { c.Config.Networks.Tower.Out++ }, "text"},
		{"U-Net", func(c *Trainer) { c.Config.Networks.UNet.LayersPerBlock++ }, "teacher"},
		{"vision transformer", func(c *Trainer) { c.Config.Networks.Features.Depth++ }, "features"},
		{"classifier", func(c *Trainer) { c.Config.Networks.Classifier.Blocks++ }, "classifier"},
		{"evaluation pair", func(c *Trainer) { c.Config.Networks.PairImage.Blocks++ }, "pair"},
		{"schedule", func(c *Trainer) { c.Config.Schedule = "sd-zero" }, "teacher"},
		{"prediction", func(c *Trainer) { c.Config.Prediction = "v" }, "teacher"},
		{"caption drop", func(c *Trainer) { c.Config.CaptionDrop = 0.2 }, "teacher"},
		{"average", func(c *Trainer) { c.Config.EMA = 0.9 }, "teacher"},
		{"negative prompt", func(c *Trainer) { c.Config.NegativeCaption = "noise" }, "teacher"},
		{"share of negatives", func(c *Trainer) { c.Config.NegativeShare = 0.1 }, "teacher"},
		{"seed", func(c *Trainer) { c.Config.Seed++ }, "text features classifier pair teacher"},
		{"data", func(c *Trainer) {
			c.Data = &dataset.Scenes{Config: dataset.ScenesConfig{Size: tinyworld.Size, MaxObjects: 3, Jitter: 1, Seed: 1}}
		}, "text features classifier pair teacher"},
		{"name of the data's folder", func(c *Trainer) { c.Config.Data = "elsewhere" }, ""},
	} {
		c := tinyTrainer(t, 1)
		test.edit(c)
		changed := []string{}
		for part, h := range hashes(c, "run") {
			if h != base[part] {
				changed = append(changed, part)
			}
		}
		slices.SortFunc(changed, func(a, b string) int { return slices.Index(Parts, a) - slices.Index(Parts, b) })
		if diff := cmp.Diff(test.want, strings.Join(changed, " ")); diff != "" {
			t.Errorf("%s: parts that change (-want +got):\n%s", test.name, diff)
		}
	}
	if other := hashes(tinyTrainer(t, 1), "another run"); other["teacher"] == base["teacher"] {
		t.Error("the teacher's name does not tell which text encoder it starts from")
	}
}

func TestPrepareFillsConfig(t *testing.T) {
	for _, data := range []dataset.Dataset{tinyworld.Album(64), tinyworld.New()} {
		c := &Trainer{Config: tinyConfig(1), Data: data}
		if err := c.Prepare(); err != nil {
			t.Fatal(err)
		}
		cfg := c.Config
		for _, words := range []*tokenizer.Words{c.Words, c.PairWords} {
			if unknown := words.UnknownWords(cfg.NegativeCaption); unknown != nil {
				t.Errorf("%s: words of the negative caption are unknown: %q", data.Name(), unknown)
			}
			if sample, err := data.Train().Sample(0); err != nil || words.UnknownWords(sample.Caption) != nil || words.Context != cfg.Context {
				t.Errorf("%s: caption %q has unknown words (error %v), or context = %d", data.Name(), sample.Caption, err, words.Context)
			}
		}
		size := c.Words.Size()
		if got := []int{cfg.Networks.Text.Vocabulary, cfg.Networks.Text.Context, cfg.Networks.Text.End}; !cmp.Equal(got, []int{size, cfg.Context, tokenizer.End}) {
			t.Errorf("%s: text = %v, want vocabulary %d, context %d, end %d", data.Name(), got, size, cfg.Context, tokenizer.End)
		}
		if got := []int{cfg.Networks.PairText.Vocabulary, cfg.Networks.PairText.Context, cfg.Networks.PairText.End}; !cmp.Equal(got, []int{size, cfg.Context, tokenizer.End}) {
			t.Errorf("%s: pair_text = %v, want vocabulary %d, context %d, end %d", data.Name(), got, size, cfg.Context, tokenizer.End)
		}
		if cfg.Networks.UNet.CrossAttentionDim != cfg.Networks.Text.Width || cfg.Networks.UNet.PooledDim != cfg.Networks.Text.Projection || cfg.Networks.Features.ImageSize != cfg.Size {
			t.Errorf("%s: U-Net is told of text %d wide and %d pooled, features of pictures of %d", data.Name(), cfg.Networks.UNet.CrossAttentionDim, cfg.Networks.UNet.PooledDim, cfg.Networks.Features.ImageSize)
		}

		again := &Trainer{Config: cfg, Data: data}
		if err := again.Prepare(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(cfg, again.Config); diff != "" {
			t.Errorf("%s: prepared twice (-first +second):\n%s", data.Name(), diff)
		}
	}
	c := &Trainer{Config: tinyConfig(1), Data: tinyworld.Album(4)}
	c.Config.Networks.Features.Patch = 3
	wantError(t, "patch that does not divide", c.Prepare(), "patch_size = 3")
}

func TestPartsOf(t *testing.T) {
	if diff := cmp.Diff([]string{"text", "features", "classifier", "pair", "teacher"}, PartsOf(tinyworld.New())); diff != "" {
		t.Errorf("built-in world (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"text", "features", "pair", "teacher"}, PartsOf(tinyworld.Album(1))); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
	for _, part := range Parts {
		if scopes[part] == "" {
			t.Errorf("the weights of %s stand nowhere", part)
		}
	}
}

func TestConfigs(t *testing.T) {
	for _, scale := range Scales {
		cfg, err := DefaultConfig(scale)
		if err != nil {
			t.Fatal(err)
		}
		c := &Trainer{Config: cfg, Data: tinyworld.Album(4)}
		if err := c.Prepare(); err != nil { // validates
			t.Errorf("%s: %v", scale, err)
		}
	}
	_, err := DefaultConfig("huge")
	wantError(t, "scale", err, `pretrain: scale = "huge", want one of ["smoke" "cpu" "gpu"]`)

	for _, test := range []struct {
		name, want string
		edit       func(c *Config)
	}{
		{"context too short for begin, word, end", "pretrain: context = 2, want ≥ 3", func(c *Config) { c.Context = 2 }},
		{"no words", "max_words = 0, want", func(c *Config) { c.MaxWords = 0 }},
		{"all captions dropped", "pretrain: caption_drop, negative_share = 1, ", func(c *Config) { c.CaptionDrop = 1 }},
		{"shares beyond one together", "caption_drop, negative_share = 0.1, 0.95, ", func(c *Config) { c.NegativeShare = 0.95 }},
		{"negative share", "negative_share = 0.1, -0.1, ", func(c *Config) { c.NegativeShare = -0.1 }},
		{"average that never moves", "ema = 1, want", func(c *Config) { c.EMA = 1 }},
		{"a share of times beyond all", "pretrain: logit_normal_share = 1.5, want 0 … 1", func(c *Config) { c.LogitNormalShare = 1.5 }},
		{"a weight bounded below 0", "pretrain: min_snr = -1, want ≥ 0", func(c *Config) { c.MinSNR = -1 }},
		{"unknown schedule", `schedule = "linear"`, func(c *Config) { c.Schedule = "linear" }},
		{"unknown prediction", `prediction = "score"`, func(c *Config) { c.Prediction = "score" }},
		{"no training of text", "pretrain: text steps = 0, batch = 8, rate.peak = 0.005, want all > 0", func(c *Config) { c.TextTraining.Steps = 0 }},
		{"no training of features", "pretrain: features steps", func(c *Config) { c.FeaturesTraining.Batch = 0 }},
		{"no training of classifier", "pretrain: classifier steps", func(c *Config) { c.ClassifierTraining.Rate = optim.Rate{} }},
		{"no training of pair", "pretrain: pair steps", func(c *Config) { c.PairTraining.Steps = -1 }},
		{"no training of teacher", "pretrain: teacher steps", func(c *Config) { c.TeacherTraining.Steps = 0 }},
		{"heads that do not divide", "network: block_out_channels[0] = 8", func(c *Config) { c.Networks.UNet.Heads[0] = 3 }},
	} {
		c := tinyTrainer(t, 1)
		test.edit(&c.Config)
		wantError(t, test.name, c.Config.Validate(), test.want)
	}
}

func TestWhatIsNotReadOfCaptionsIsSaid(t *testing.T) {
	c := tinyTrainer(t, 1)
	for _, size := range [][2]int{{24, 4000}, {4, 2}} {
		c.Config.Context, c.Config.MaxWords = size[0], size[1]
		if err := c.Prepare(); err != nil {
			t.Fatal(err)
		}
		if said := c.unread != ""; said != (size[0] == 4) {
			t.Errorf("context = %d: unread = %q", size[0], c.unread)
		}
	}
	if !strings.Contains(c.unread, " are longer than the 2 words that the networks read, ") || !strings.HasSuffix(c.unread, "beyond the commonest 2 of training") {
		t.Errorf("unread = %q", c.unread)
	}
}

// sorted is a finite dataset by class, such as a folder for each: the first class fills the beginning, the other the rest.
type sorted struct{ n, first int }

func (s sorted) Name() string            { return "sorted" }
func (s sorted) Hash() string            { return fmt.Sprint(s) }
func (s sorted) Train() dataset.Source   { return s }
func (s sorted) Heldout() dataset.Source { return sorted{10, 0} }
func (s sorted) Len() int                { return s.n }
func (s sorted) Sample(i int) (dataset.Sample, error) {
	if i < s.first {
		return dataset.Sample{Caption: "an apple"}, nil
	}
	return dataset.Sample{Caption: "a zebra"}, nil
}

func TestWordsOfLateClassesAreKnown(t *testing.T) {
	for _, data := range []sorted{{20000, 19999}, {40000, 30000}} {
		c := &Trainer{Config: tinyConfig(1), Data: data}
		if err := c.Prepare(); err != nil {
			t.Fatal(err)
		}
		if unknown := c.Words.UnknownWords("a zebra"); unknown != nil || c.unread != "" {
			t.Errorf("%d captions: unknown %q, unread %q", data.n, unknown, c.unread)
		}
		for _, part := range []string{"text", "pair"} {
			p, err := c.PartConfig(part, "")
			if err != nil {
				t.Fatal(err)
			}
			if named := p.Words != ""; named != (data.n > 20000) {
				t.Errorf("%d captions: words of %s = %q, want them named where not all are read", data.n, part, p.Words)
			}
		}
	}
}

func TestWordsThatOnlyHeldOutCaptionsHaveAreSaid(t *testing.T) {
	c := &Trainer{Config: tinyConfig(1), Data: sorted{20, 20}}
	if err := c.Prepare(); err != nil {
		t.Fatal(err)
	}
	if want := "of 30 captions 0 are longer"; !strings.HasPrefix(c.unread, want) || !strings.Contains(c.unread, " 10 have words") {
		t.Errorf("unread = %q, want %q and 10 unknown", c.unread, want)
	}
}
