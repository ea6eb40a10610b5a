package network

import (
	"fmt"
	"math"
	"slices"

	"github.com/addlab/addlab/internal/check"
)

// EDMConfig describes the networks of EDM (Karras et al. 2206.00364): DDPM++ and NCSN++ (Song et al. 2011.13456) and ADM (Dhariwal & Nichol
// 2105.05233). The fields are the arguments of NVIDIA's EDMPrecond and of the U-Net within it. What only training reads is left out:
// dropout and half precision.
type EDMConfig struct {
	Resolution int     `json:"img_resolution"`
	Channels   int     `json:"img_channels"`
	LabelDim   int     `json:"label_dim"`  // classes; 0 for none
	SigmaMin   float64 `json:"sigma_min"`  // least σ/α that the network is asked for
	SigmaMax   float64 `json:"sigma_max"`  // largest; 0 for no bound
	SigmaData  float64 `json:"sigma_data"` // standard deviation of the data (EDM Table 1)

	LabelDropout float64 `json:"label_dropout,omitempty"` // share of training that saw no class; where it is 0, nobody knows what none gives

	ModelType       string `json:"model_type"`  // SongUNet or DhariwalUNet
	AugmentDim      int    `json:"augment_dim"` // width of the augmentations of training, which sampling leaves out
	ModelChannels   int    `json:"model_channels"`
	ChannelMult     []int  `json:"channel_mult"` // widths of the resolutions, in ModelChannels
	ChannelMultEmb  int    `json:"channel_mult_emb"`
	NumBlocks       int    `json:"num_blocks"`       // residual blocks of every resolution on the way down; one more on the way up
	AttnResolutions []int  `json:"attn_resolutions"` // sides in pixels whose blocks have attention

	// Of SongUNet.
	EmbeddingType    string `json:"embedding_type,omitempty"` // of the noise level: positional (DDPM++) or fourier (NCSN++)
	ChannelMultNoise int    `json:"channel_mult_noise,omitempty"`
	EncoderType      string `json:"encoder_type,omitempty"`    // standard (DDPM++) or residual (NCSN++)
	ResampleFilter   []int  `json:"resample_filter,omitempty"` // [1,1] (DDPM++) or [1,3,3,1] (NCSN++)
}

// The values of ModelType and of two other fields.
const (
	SongUNet     = "SongUNet"
	DhariwalUNet = "DhariwalUNet"

	edmPositional, edmFourier = "positional", "fourier"
	edmStandard, edmResidual  = "standard", "residual"
)

// edmHead is the width of an attention head of ADM. DDPM++ and NCSN++ have one head.
const edmHead = 64

func (c EDMConfig) song() bool { return c.ModelType == SongUNet }

// noiseWidth is the width of the embedding of the noise level before its layers.
func (c EDMConfig) noiseWidth() int {
	if c.song() {
		return c.ModelChannels * c.ChannelMultNoise
	}
	return c.ModelChannels
}

// Validate returns an error that names a field that cannot work.
func (c EDMConfig) Validate() error {
	f := check.Fields{Of: "network: edm"}
	f.Want(c.song() || c.ModelType == DhariwalUNet, "model_type", c.ModelType, SongUNet+" or "+DhariwalUNet)
	f.Want(len(c.ChannelMult) > 0 && slices.Min(c.ChannelMult) >= 1, "channel_mult", c.ChannelMult, "at least one, each ≥ 1")
	halved := 1 << max(0, len(c.ChannelMult)-1)
	f.Want(len(c.ChannelMult) < 16 && c.Resolution >= 1 && c.Resolution%halved == 0, "img_resolution", c.Resolution, fmt.Sprintf("a multiple of %d: each of channel_mult but the first halves it", halved))
	f.Want(c.Channels >= 1, "img_channels", c.Channels, "≥ 1")
	f.Want(c.LabelDim >= 0, "label_dim", c.LabelDim, "≥ 0")
	f.Want(c.AugmentDim >= 0, "augment_dim", c.AugmentDim, "≥ 0")
	f.Want(c.SigmaMin >= 0, "sigma_min", c.SigmaMin, "≥ 0")
	f.Want(c.SigmaMax == 0 || c.SigmaMax > c.SigmaMin, "sigma_max", c.SigmaMax, "0 or more than sigma_min")
	f.Want(c.SigmaData > 0 && !math.IsInf(c.SigmaData, 1), "sigma_data", c.SigmaData, "> 0")
	f.Want(c.ChannelMultEmb >= 1, "channel_mult_emb", c.ChannelMultEmb, "≥ 1")
	f.Want(c.NumBlocks >= 1, "num_blocks", c.NumBlocks, "≥ 1")
	if c.song() {
		f.Want(c.EmbeddingType == edmPositional || c.EmbeddingType == edmFourier, "embedding_type", c.EmbeddingType, edmPositional+" or "+edmFourier)
		f.Want(c.EncoderType == edmStandard || c.EncoderType == edmResidual, "encoder_type", c.EncoderType, edmStandard+" or "+edmResidual)
		f.Want(c.ChannelMultNoise >= 1, "channel_mult_noise", c.ChannelMultNoise, "≥ 1")
		sum := 0
		for _, w := range c.ResampleFilter {
			sum += w
		}
		f.Want(len(c.ResampleFilter) > 0 && len(c.ResampleFilter)%2 == 0 && sum != 0, "resample_filter", c.ResampleFilter, "an even number of weights, not of sum 0")
	}
	f.Want(c.ModelChannels >= 4 && c.ModelChannels%4 == 0, "model_channels", c.ModelChannels, "a multiple of 4")
	if f.Err != nil {
		return f.Err
	}
	down, up := c.blocks()
	for _, b := range append(down, up...) {
		for _, width := range []int{b.in, b.out} {
			f.Want(b.kind != edmResidualBlock || width%edmGroups(width) == 0, "model_channels", c.ModelChannels,
				fmt.Sprintf("%d channels of block %s to be a multiple of %d", width, b.name, edmGroups(width)))
		}
		f.Want(c.song() || !b.attention || b.out%edmHead == 0, "model_channels", c.ModelChannels,
			fmt.Sprintf("%d channels of block %s, which has attention, to be a multiple of %d", b.out, b.name, edmHead))
	}
	return f.Err
}
