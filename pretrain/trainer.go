package pretrain

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/network/packaged"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/record"
)

// Trainer trains the networks of a bundle.
type Trainer struct {
	Config    Config
	Scale     string // preset that Config began with, for the bundle; may be ""
	Backend   compute.Backend
	Data      dataset.Dataset
	Words     *tokenizer.Words // of teacher and student
	PairWords *tokenizer.Words // of the evaluation pair

	otherWords string // of PartConfig.Words
	unread     string // what the tokenizer leaves out of the captions, in words; "" for nothing
}

// recipeVersion must change when the same config yields other weights.
const recipeVersion = 3

// PartConfig determines the weights of one part or variant; its hash names the run that trains it.
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
	From     string   `json:"from,omitempty"` // run or files whose weights this one starts from

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

// variantConfig determines the weights of a variant, as PartConfig does for a part; text is the SHA-256 of the bundle's text encoder.
func (c *Trainer) variantConfig(v Variant, text string) (PartConfig, error) {
	p, err := c.PartConfig(v.Part, "")
	if err != nil {
		return p, err
	}
	p.Part, p.Training = v.Name, v.Training
	if v.Part == "teacher" {
		p.Net, p.From = v.Backbone(), "text "+text
		return p, nil
	}
	options := map[string]any{"objective": v.Objective}
	p.Net, p.Options = v.ViT, options
	if v.EfficientNet != nil {
		p.Net = v.EfficientNet
	}
	switch v.Objective {
	case ImageNet:
		options["package"] = packaged.EfficientNetLite0.Package()
	case CLIP:
		p.Net = []any{v.ViT, c.Config.Networks.Text}
	case DINO, DINO2:
		options["prototypes"], options["bottom"], options["average"], options["sinkhorn"] = prototypes, prototypeBottom, averageDecay, sinkhornSteps
		options["temperatures"] = []float64{studentTemperature, teacherTemperature}
		options["local_views"], options["crop"], options["permute"], options["bend"] = localViews, []float64{cropMin, cropMax}, permuteShare, bendShare
		if v.Objective == DINO2 {
			options["mask"], options["spread"] = []float64{maskedViews, maskMin, maskMax}, spreadWeight
		}
	}
	return p, nil
}

// Prepare builds the tokenizers and fills in what depends on them.
func (c *Trainer) Prepare() error {
	texts, all, err := captions(c.Data.Train())
	if err != nil {
		return err
	}
	heldout, _, err := captions(c.Data.Heldout())
	if err != nil {
		return err
	}
	words := func(negative string) *tokenizer.Words {
		return tokenizer.Build(append(texts, negative), c.Config.MaxWords, c.Config.Context)
	}
	c.Words = words(c.Config.NegativeCaption)
	c.PairWords, c.otherWords, c.unread = c.Words, "", ""
	read := slices.Concat(texts, heldout)
	if cut, unknown := c.Words.Unread(read); cut+unknown > 0 {
		c.unread = fmt.Sprintf("of %d captions %d are longer than the %d words that the networks read, %d have words beyond the commonest %d of training", len(read), cut, c.Config.Context-2, unknown, c.Config.MaxWords)
	}
	// The data's hash covers the words of its captions, but not those of the negative caption, which shift the ids of others, nor which of
	// many captions were read.
	if !all || !slices.Equal(c.Words.Vocabulary, words(negativeCaption).Vocabulary) {
		if c.otherWords, err = record.Hash(c.Words); err != nil {
			return err
		}
	}
	nets := &c.Config.Networks
	nets.Text.Vocabulary, nets.Text.Context, nets.Text.End = c.Words.Size(), c.Config.Context, tokenizer.End
	nets.PairText.Vocabulary, nets.PairText.Context, nets.PairText.End = c.Words.Size(), c.Config.Context, tokenizer.End
	nets.UNet.CrossAttentionDim, nets.UNet.PooledDim = nets.Text.Width, nets.Text.Projection
	nets.Features.ImageSize = c.Config.Size
	if world, ok := c.Data.(dataset.Labelled); ok {
		if nets.Classes = dataset.Classes(world.Attributes()); slices.Equal(nets.Classes, dataset.AttributeClasses) {
			nets.Classes = nil
		}
	}
	return c.Config.Validate()
}

// captions are at most 20,000 captions of a source. Those of a longer one are evenly spaced, for it may be sorted, and are not all. An
// endless one repeats itself.
func captions(src dataset.Source) (texts []string, all bool, err error) {
	length := src.Len()
	n := min(20000, length)
	if length == math.MaxInt {
		length = n
	}
	for i := range n {
		at := i * length / n
		if world, ok := src.(labelled); ok {
			texts = append(texts, world.Facts(at).Caption) // no need to draw the pictures
			continue
		}
		sample, err := src.Sample(at)
		if err != nil {
			return nil, false, err
		}
		texts = append(texts, sample.Caption)
	}
	return texts, n == length, nil
}

// PartsOf lists the parts that a dataset can have.
func PartsOf(data dataset.Dataset) []string {
	if _, ok := data.(dataset.Labelled); ok {
		return Parts
	}
	return slices.DeleteFunc(slices.Clone(Parts), func(part string) bool { return part == "classifier" })
}
