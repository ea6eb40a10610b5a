package discriminator

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/addlab/addlab/internal/check"
)

// Norms of the heads.
const (
	NormBatch = "batch" // statistics per channel over groups of NormGroup samples and their tokens
	NormGroup = "group" // statistics per sample over NormChannels groups of channels and all tokens
)

// Config describes the discriminator around its frozen feature network.
type Config struct {
	Text  bool `json:"text"`  // heads see c_text, the pooled text embedding (ADD Table 1b)
	Image bool `json:"image"` // heads see c_img, an embedding of the real picture (ADD Table 1b)
	// Level tells the heads the noise level of what they see (LADD, Sauer et al. 2403.12015), where it is diffused anew.
	Level bool `json:"level,omitempty"`
	// StudentTime tells the heads the time s at which the student began, of a real picture that of the generated one in its row. Without it
	// an error at one time may offset that at another.
	StudentTime bool `json:"student_time,omitempty"`
	CondRMS     bool `json:"cond_rms"` // scale c_text and c_img to unit root mean square each before they are joined: this project's, not StyleGAN-T's

	Norm         string `json:"norm"`          // NormBatch or NormGroup
	NormGroup    int    `json:"norm_group"`    // samples per group of NormBatch; a batch it does not divide falls back to their greatest common divisor
	NormChannels int    `json:"norm_channels"` // groups of channels of NormGroup
	// PerCaption, if above 1, is how many pictures of a batch share a caption, side by side. The last head then sees in each token how far it is
	// from that of the next picture of its caption, so that agreeing on what the caption leaves open shows (Salimans et al. 1606.03498,
	// minibatch discrimination; Lin et al. 1712.04086, PacGAN). The others judge each picture by itself.
	PerCaption int `json:"per_caption,omitempty"`
	Taps       int `json:"taps,omitempty"` // blocks of the feature network with a head, evenly spaced; 0 for all. The first always has one: an embedding, or a teacher's finest map
	Kernel     int `json:"kernel"`         // width in tokens of the circular convolution
	MapDim     int `json:"map_dim"`        // M, the space in which projection compares tokens with the condition

	// CondEqualized draws the map of the condition from N(0,1) and scales it by 1/√E where it is used, without a bias (equalised learning
	// rate, Karras et al. 1710.10196), as StyleGAN-T does: a step of the optimiser then changes it less.
	CondEqualized bool `json:"cond_equalized,omitempty"`

	// Renoise, if set, shows the features pictures that are diffused anew, real and generated ones apart.
	Renoise *Renoise `json:"renoise,omitempty"`

	Augment bool `json:"augment"` // DiffAugment: colour, translation, cutout
	// AugmentColor is the strength of its changes of colour; 0 stands for 1, DiffAugment's own.
	AugmentColor float64 `json:"augment_color,omitempty"`
	// AugmentShift is the strength of its changes of place; 0 stands for 1, DiffAugment's own, up to an eighth of the side. What
	// augmentation moves by as much as the data does, a student may leave at one place unseen.
	AugmentShift float64 `json:"augment_shift,omitempty"`
	// CropProb is the probability of StyleGAN-T's random crop, where pictures are larger than the network's input, which those of
	// ablate never are. Other values are refused; the field is part of every run's name.
	CropProb float64 `json:"crop_prob"`

	Softplus bool    `json:"softplus,omitempty"` // the logistic loss in place of the hinge of ADD eq. 2 and 3
	R1Weight float64 `json:"r1_weight"`          // γ of ADD eq. 3; 0 disables the penalty
	R1Every  int     `json:"r1_every"`           // penalty in every k-th discriminator step, with weight k·γ
}

// Renoise is the noise that pictures get before the features see them: t is logit-normal, 1/(1 + exp(−Mean − SD·z)), as in LADD (Sauer
// et al. 2403.12015, §3.3).
type Renoise struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

// Times draws so many t.
func (n Renoise) Times(r *rand.Rand, count int) []float64 {
	t := make([]float64, count)
	for i := range t {
		t[i] = 1 / (1 + math.Exp(-n.Mean-n.SD*r.NormFloat64()))
	}
	return t
}

// DefaultConfig is the paper's discriminator; what the paper leaves open is as in StyleGAN-T, but for CondRMS, and for Taps where the
// features have more than the four blocks on which StyleGAN-T puts heads: there a config says 4.
func DefaultConfig() Config {
	return Config{
		Text: true, Image: true, CondRMS: true,
		Norm: NormBatch, NormGroup: 8, NormChannels: 8,
		Kernel: 9, MapDim: 64,
		Augment: true, CropProb: 0.5,
		R1Weight: 1e-5, R1Every: 1,
	}
}

// Validate reports the first field that cannot be used.
func (c Config) Validate() error {
	f := check.Fields{Of: "discriminator"}
	f.Want(c.Norm == NormBatch || c.Norm == NormGroup, "norm", fmt.Sprintf("%q", c.Norm), fmt.Sprintf("%q or %q", NormBatch, NormGroup))
	f.Want(c.NormGroup >= 1, "norm_group", c.NormGroup, "≥ 1")
	f.Want(c.NormChannels >= 1, "norm_channels", c.NormChannels, "≥ 1")
	f.Want(c.PerCaption >= 0, "per_caption", c.PerCaption, "≥ 0")
	f.Want(c.Taps >= 0, "taps", c.Taps, "≥ 0")
	f.Want(c.Kernel >= 1 && c.Kernel%2 == 1, "kernel", c.Kernel, "an odd number ≥ 1")
	f.Want(c.MapDim >= 1, "map_dim", c.MapDim, "≥ 1")
	f.Want(c.Renoise == nil || c.Renoise.SD >= 0 && !math.IsNaN(c.Renoise.Mean), "renoise", c.Renoise, "a mean and sd ≥ 0")
	f.Want(c.AugmentColor >= 0 && c.AugmentColor <= 1, "augment_color", c.AugmentColor, "0 … 1")
	f.Want(c.AugmentShift >= 0 && c.AugmentShift <= 1, "augment_shift", c.AugmentShift, "0 … 1")
	f.Want(c.CropProb == 0.5, "crop_prob", c.CropProb, "0.5, the only value")
	f.Want(c.R1Weight >= 0, "r1_weight", c.R1Weight, "≥ 0")
	f.Want(c.R1Every >= 1, "r1_every", c.R1Every, "≥ 1")
	return f.Err
}

// Blocks lists what the heads look at in a feature network of this depth: 0 is the embedding or a teacher's finest map, k the output of block k (StyleGAN-T:
// four evenly spaced blocks, the last among them).
func (c Config) Blocks(depth int) []int {
	n := c.Taps
	if n == 0 || n > depth {
		n = depth
	}
	blocks := []int{0}
	for k := 1; k <= n; k++ {
		blocks = append(blocks, k*depth/n)
	}
	return blocks
}

// Group is how many pictures of a batch share a caption.
func (c Config) Group() int { return max(1, c.PerCaption) }

// Conditional reports whether the heads see any condition.
func (c Config) Conditional() bool { return c.Text || c.Image || c.Level || c.StudentTime }

// CondDim is E, the width of Condition for embeddings of these widths.
func (c Config) CondDim(text, image int) int {
	e := 0
	if c.Text {
		e += text
	}
	if c.Image {
		e += image
	}
	if c.Level {
		e += timeWidth
	}
	if c.StudentTime {
		e += timeWidth
	}
	return e
}
