package pretrain

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// recipeVersion must change when the same config yields other weights.
const recipeVersion = 3

// PartConfig determines the weights of one part; its hash names the part's run.
type PartConfig struct {
	Kind     string   `json:"kind"`
	Recipe   int      `json:"recipe"`
	Part     string   `json:"part"`
	DataHash string   `json:"data_hash"`
	Size     int      `json:"size"`
	Seed     int64    `json:"seed"`
	Context  int      `json:"context"`
	MaxWords int      `json:"max_words"`
	Net      any      `json:"net"`
	Training Training `json:"training"`
	Options  any      `json:"options,omitempty"`
	From     string   `json:"from,omitempty"` // run whose weights this one starts from

	// Words is the hash of the vocabulary of a part that reads captions; empty with the presets' negative caption.
	Words string `json:"words,omitempty"`
}

// PartConfig selects what matters to one part. from is the text part's run for the teacher, else "".
func (c *Trainer) PartConfig(part, from string) (PartConfig, error) {
	cfg, nets := c.Config, c.Config.Networks
	p := PartConfig{Kind: "pretrain", Recipe: recipeVersion, Part: part, DataHash: c.Data.Hash(), Size: cfg.Size, Seed: cfg.Seed, Context: cfg.Context, MaxWords: cfg.MaxWords, From: from}
	switch part {
	case "text":
		p.Net, p.Training, p.Words = []any{nets.Text, nets.Tower}, cfg.TextTraining, c.otherWords
	case "features":
		p.Net, p.Training = nets.Features, cfg.FeaturesTraining
		p.Options = map[string]any{"mask": maskShare, "permute": permuteShare, "bend": bendShare}
	case "classifier":
		p.Net, p.Training = nets.Classifier, cfg.ClassifierTraining
	case "pair":
		p.Net, p.Training, p.Words = []any{nets.PairText, nets.PairImage}, cfg.PairTraining, c.otherWords
	case "teacher":
		p.Net, p.Training = []any{nets.UNet, nets.Text}, cfg.TeacherTraining
		p.Options = map[string]any{"schedule": cfg.Schedule, "prediction": cfg.Prediction, "caption_drop": cfg.CaptionDrop, "ema": cfg.EMA, "negative_caption": cfg.NegativeCaption, "negative_share": cfg.NegativeShare, "tune_text": cfg.TuneText,
			"logit_normal_share": cfg.LogitNormalShare, "min_snr": cfg.MinSNR}
	default:
		return p, fmt.Errorf("pretrain: part = %q, want one of %q", part, Parts)
	}
	return p, nil
}

// Task is the training of a part in a store of its own.
func (c *Trainer) Task(part string, store *model.Store) (train.Task, error) {
	switch part {
	case "text":
		return c.TextTask(store)
	case "features":
		return c.FeaturesTask(store)
	case "classifier":
		return c.ClassifierTask(store)
	case "pair":
		return c.PairTask(store)
	case "teacher":
		return c.TeacherTask(store)
	}
	return train.Task{}, fmt.Errorf("pretrain: part = %q, want one of %q", part, Parts)
}

// scopes are the scopes of a part's trained weights in the store of its task.
var scopes = map[string]string{
	"text": "/pair/text", "features": "/features/vit", "classifier": "/classifier", "pair": "/pair", "teacher": "/teacher_ema",
}

// Scope is the scope of a part's trained weights in its task's store.
func Scope(part string) string { return scopes[part] }

// TextScope is the scope of the text encoder after the teacher's training.
func (c Config) TextScope() string {
	if c.TuneText {
		return "/text_ema"
	}
	return "/text"
}

// Prepare builds the tokenizers and fills in what depends on them.
func (c *Trainer) Prepare() error {
	const captions = 20000
	src := c.Data.Train()
	n := min(captions, src.Len())
	texts := make([]string, n)
	for i := range texts {
		if scenes, ok := src.(labelled); ok {
			_, texts[i], _ = scenes.Scene(i) // no need to draw the pictures
			continue
		}
		sample, err := src.Sample(i)
		if err != nil {
			return err
		}
		texts[i] = sample.Caption
	}
	words := func(negative string) *tokenizer.Words {
		return tokenizer.Build(append(texts, negative), c.Config.MaxWords, c.Config.Context)
	}
	c.Words = words(c.Config.NegativeCaption)
	c.PairWords, c.otherWords = c.Words, ""
	// The data's hash covers the words of its captions, but not those of the negative caption, which shift the ids of others.
	if !slices.Equal(c.Words.Vocabulary, words(negativeCaption).Vocabulary) {
		var err error
		if c.otherWords, err = record.Hash(c.Words); err != nil {
			return err
		}
	}
	nets := &c.Config.Networks
	nets.Text.Vocabulary, nets.Text.Context, nets.Text.End = c.Words.Size(), c.Config.Context, tokenizer.End
	nets.PairText.Vocabulary, nets.PairText.Context, nets.PairText.End = c.Words.Size(), c.Config.Context, tokenizer.End
	nets.UNet.CrossAttentionDim, nets.UNet.PooledDim = nets.Text.Width, nets.Text.Projection
	nets.Features.ImageSize = c.Config.Size
	return c.Config.Validate()
}

// PartsOf lists the parts that a dataset can have.
func PartsOf(data dataset.Dataset) []string {
	if _, ok := data.(*dataset.Scenes); ok {
		return Parts
	}
	var parts []string
	for _, p := range Parts {
		if p != "classifier" {
			parts = append(parts, p)
		}
	}
	return parts
}
