// Package pretrain trains the networks that distillation starts from and is scored by: teacher, text encoder, the
// discriminator's feature network, and the evaluation networks. Together they are a Bundle.
package pretrain

import (
	"fmt"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train/optim"
)

// Training is the length, batch and learning rate of one network's training.
type Training struct {
	Steps int        `json:"steps"`
	Batch int        `json:"batch"`
	Rate  optim.Rate `json:"rate"`
	Muon  bool       `json:"muon"` // orthogonal updates of the hidden matrices in place of AdamW's
}

// Validate returns an error that names a field that cannot work; name is the stage.
func (t Training) Validate(name string) error {
	if t.Steps < 1 || t.Batch < 1 || t.Rate.Peak <= 0 {
		return fmt.Errorf("pretrain: %s steps = %d, batch = %d, rate.peak = %g, want all > 0", name, t.Steps, t.Batch, t.Rate.Peak)
	}
	return nil
}

// Networks are the architectures of a bundle.
type Networks struct {
	Text     network.TextConfig    `json:"text"`     // conditions teacher, student and discriminator
	Tower    network.ConvNetConfig `json:"tower"`    // image tower that Text is trained with
	UNet     network.UNetConfig    `json:"unet"`     // teacher and student
	Features network.ViTConfig     `json:"features"` // of the discriminator

	// The evaluation networks share no weights, seeds or shapes with the ones above.
	Classifier network.ConvNetConfig `json:"classifier"`
	Classes    []int                 `json:"classes,omitempty"` // of each attribute that the classifier reads; nil for those of scenes
	PairText   network.TextConfig    `json:"pair_text"`
	PairImage  network.ConvNetConfig `json:"pair_image"`
}

// Config determines a bundle.
type Config struct {
	Data        string               `json:"data"`
	Size        int                  `json:"size"`
	Seed        int64                `json:"seed"`
	Context     int                  `json:"context"`   // tokens per caption
	MaxWords    int                  `json:"max_words"` // of the tokenizer
	Schedule    string               `json:"schedule"`
	Prediction  diffusion.Prediction `json:"prediction"`
	CaptionDrop float64              `json:"caption_drop"` // share of captions replaced by "" for guidance
	// EMA is the decay of the teacher's average after a warm-up with decay (1+step)/(10+step). The warm-up ends at step
	// (10·EMA−1)/(1−EMA), 8,990 for .999, which the presets do not reach.
	EMA float64 `json:"ema"`
	// TuneText trains the text encoder together with the teacher; otherwise it stays frozen.
	TuneText bool `json:"tune_text"`
	// This share of the teacher's pictures is blurred and gets NegativeCaption: the low-quality prompt of noise-free score distillation.
	NegativeCaption string  `json:"negative_caption"`
	NegativeShare   float64 `json:"negative_share"`
	// Noise levels of the teacher's training: a share of the times is logit-normal, the others are uniform. MinSNR bounds the weight of
	// low noise (γ of Hang et al. 2303.09556); 0 is the plain v-loss.
	LogitNormalShare float64  `json:"logit_normal_share"`
	MinSNR           float64  `json:"min_snr"`
	Networks         Networks `json:"networks"`

	TextTraining       Training `json:"text_training"`
	FeaturesTraining   Training `json:"features_training"`
	ClassifierTraining Training `json:"classifier_training"`
	PairTraining       Training `json:"pair_training"`
	TeacherTraining    Training `json:"teacher_training"`
}

// negativeCaption is the one of all presets.
const negativeCaption = "a blurry picture"

// Scales lists the presets of DefaultConfig, smallest first.
var Scales = []string{"smoke", "cpu", "gpu"}

// DefaultConfig is the preset of a scale.
func DefaultConfig(scale string) (Config, error) {
	c := Config{
		Data: "scenes", Size: 32, Seed: 1, Context: 24, MaxWords: 4000,
		Schedule: "cosine", Prediction: diffusion.PredictX0, CaptionDrop: 0.1, EMA: 0.999,
		NegativeCaption: negativeCaption, NegativeShare: 0.03,
		LogitNormalShare: 0.7, MinSNR: 5,
		Networks: Networks{
			Text:       network.TextConfig{Context: 24, Width: 96, Layers: 2, Heads: 4, Projection: 96},
			Tower:      network.ConvNetConfig{Widths: []int{32, 64, 96}, Blocks: 1, Out: 96},
			UNet:       network.TinyUNet(96),
			Features:   network.TinyViT(),
			Classifier: network.ConvNetConfig{Widths: []int{32, 64, 128}, Blocks: 1, Out: 128},
			PairText:   network.TextConfig{Context: 24, Width: 64, Layers: 2, Heads: 2, Projection: 64},
			PairImage:  network.ConvNetConfig{Widths: []int{40, 80, 120}, Blocks: 1, Out: 64},
		},
	}
	training := func(steps, batch int, peak float64) Training {
		return Training{Steps: steps, Batch: batch, Rate: optim.Rate{Peak: peak, Warmup: min(100, steps/4), Decay: 0.5, Final: 0.01}}
	}
	switch scale {
	case "smoke":
		// As few operations as possible: compiling takes most of the time.
		c.Size, c.Networks.Features.ImageSize = 16, 16
		small := network.ConvNetConfig{Widths: []int{16, 16}, Blocks: 0, Out: 32}
		c.Networks.Tower, c.Networks.Classifier, c.Networks.PairImage = small, small, small
		c.Networks.Text.Width, c.Networks.Text.Layers, c.Networks.Text.Projection = 32, 1, 32
		c.Networks.PairText.Width, c.Networks.PairText.Layers, c.Networks.PairText.Projection = 32, 1, 32
		c.Networks.UNet.BlockOutChannels, c.Networks.UNet.Heads = []int{16, 16}, []int{2, 2}
		c.Networks.UNet.CrossAttention = []bool{false, true}
		c.Networks.Features.Width, c.Networks.Features.Depth = 32, 1
		c.TextTraining, c.FeaturesTraining = training(4, 16, 1e-3), training(4, 16, 1e-3)
		c.ClassifierTraining, c.PairTraining = training(4, 16, 1e-3), training(4, 16, 1e-3)
		c.TeacherTraining = training(6, 8, 1e-3)
	case "cpu":
		c.TextTraining, c.FeaturesTraining = training(800, 128, 2e-3), training(3000, 64, 2e-3)
		c.ClassifierTraining, c.PairTraining = training(2000, 64, 2e-3), training(600, 128, 2e-3)
		c.TeacherTraining = training(7000, 32, 2e-3)
		c.FeaturesTraining.Muon, c.TeacherTraining.Muon = true, true
	case "gpu":
		c.Networks.UNet.BlockOutChannels, c.Networks.UNet.Heads = []int{96, 192, 288}, []int{2, 4, 6}
		c.Networks.UNet.LayersPerBlock, c.Networks.UNet.CrossAttention = 2, []bool{false, true, true}
		c.Networks.Features.Width, c.Networks.Features.Depth = 192, 6
		c.TextTraining, c.FeaturesTraining = training(5000, 256, 1e-3), training(20000, 256, 1e-3)
		c.ClassifierTraining, c.PairTraining = training(8000, 256, 1e-3), training(5000, 256, 1e-3)
		c.TeacherTraining = training(100000, 128, 4e-4)
	default:
		return c, fmt.Errorf("pretrain: scale = %q, want one of %q", scale, Scales)
	}
	return c, nil
}

// Of is the preset for a dataset. Emoji are many: small networks see them longer, large ones draw larger pictures.
func (c Config) Of(set dataset.Spec, scale string) Config {
	c.Data = set.Origin()
	if set.Name != "emoji" {
		return c
	}
	switch scale {
	case "cpu":
		c.TextTraining.Steps, c.ClassifierTraining.Steps, c.PairTraining.Steps, c.TeacherTraining.Steps = 2500, 5000, 2000, 10000
	case "gpu":
		c.Size = 64
	}
	return c
}

// Validate returns an error that names a field that cannot work.
func (c Config) Validate() error {
	f := check.Fields{Of: "pretrain"}
	f.Want(c.Context >= 3, "context", c.Context, "≥ 3")
	f.Want(c.MaxWords >= 1, "max_words", c.MaxWords, "≥ 1")
	f.Want(c.CaptionDrop >= 0 && c.NegativeShare >= 0 && c.CaptionDrop+c.NegativeShare < 1, "caption_drop, negative_share", fmt.Sprint(c.CaptionDrop, ", ", c.NegativeShare), "≥ 0 and < 1 together")
	f.Want(c.EMA >= 0 && c.EMA < 1, "ema", c.EMA, "in [0,1)")
	f.Want(c.LogitNormalShare >= 0 && c.LogitNormalShare <= 1, "logit_normal_share", c.LogitNormalShare, "0 … 1")
	f.Want(c.MinSNR >= 0, "min_snr", c.MinSNR, "≥ 0")
	_, err := diffusion.ScheduleByName(c.Schedule)
	for _, err := range []error{
		err, c.Prediction.Validate(), c.Networks.UNet.Validate(), c.Networks.Features.Validate(), c.Networks.Text.Validate(), c.Networks.PairText.Validate(),
		c.TextTraining.Validate("text"), c.FeaturesTraining.Validate("features"), c.ClassifierTraining.Validate("classifier"),
		c.PairTraining.Validate("pair"), c.TeacherTraining.Validate("teacher"),
	} {
		f.Also(err)
	}
	for _, net := range []network.ConvNetConfig{c.Networks.Tower, c.Networks.Classifier, c.Networks.PairImage} {
		if net.Widths != nil || net.Blocks != 0 || net.Out != 0 { // else a bundle does without
			f.Also(net.Validate(c.Size))
		}
	}
	return f.Err
}
