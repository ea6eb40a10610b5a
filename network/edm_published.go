package network

import (
	"fmt"

	"github.com/addlab/addlab/internal/published"
)

// EDMFrom is the network that NVIDIA's class EDMPrecond makes from these arguments. Those that ask for what is not built here are errors,
// and so are other classes.
func EDMFrom(class string, arguments map[string]any) (EDMConfig, error) {
	if class != "EDMPrecond" {
		return EDMConfig{}, fmt.Errorf("network: class = %q, want \"EDMPrecond\"", class)
	}
	c := published.Of(class, arguments)
	cfg := EDMConfig{SigmaData: 0.5, ModelType: DhariwalUNet, ChannelMultEmb: 4} // NVIDIA's defaults
	var highest any
	for field, into := range map[string]any{
		"img_resolution": &cfg.Resolution, "img_channels": &cfg.Channels, "label_dim": &cfg.LabelDim, "label_dropout": &cfg.LabelDropout, "sigma_min": &cfg.SigmaMin, "sigma_max": &highest,
		"sigma_data": &cfg.SigmaData, "model_type": &cfg.ModelType,
	} {
		c.Take(field, into)
	}
	switch cfg.ModelType {
	case SongUNet:
		cfg.ModelChannels, cfg.ChannelMult, cfg.NumBlocks, cfg.AttnResolutions = 128, []int{1, 2, 2, 2}, 4, []int{16}
		cfg.EmbeddingType, cfg.ChannelMultNoise, cfg.EncoderType, cfg.ResampleFilter = edmPositional, 1, edmStandard, []int{1, 1}
		for field, into := range map[string]any{
			"embedding_type": &cfg.EmbeddingType, "channel_mult_noise": &cfg.ChannelMultNoise, "encoder_type": &cfg.EncoderType, "resample_filter": &cfg.ResampleFilter,
		} {
			c.Take(field, into)
		}
		c.Only("decoder_type", edmStandard)
	case DhariwalUNet:
		cfg.ModelChannels, cfg.ChannelMult, cfg.NumBlocks, cfg.AttnResolutions = 192, []int{1, 2, 3, 4}, 3, []int{32, 16, 8}
	}
	for field, into := range map[string]any{
		"augment_dim": &cfg.AugmentDim, "model_channels": &cfg.ModelChannels, "channel_mult": &cfg.ChannelMult, "channel_mult_emb": &cfg.ChannelMultEmb,
		"num_blocks": &cfg.NumBlocks, "attn_resolutions": &cfg.AttnResolutions,
	} {
		c.Take(field, into)
	}
	// Of training, and of the precision in which a GPU computes.
	c.Ignore("dropout", "use_fp16")
	switch v := highest.(type) {
	case nil:
	case float64:
		cfg.SigmaMax = v
	default:
		if v != "Infinity" {
			c.Refuse("sigma_max", "a number")
		}
	}
	if err := c.Err(); err != nil {
		return EDMConfig{}, err
	}
	return cfg, cfg.Validate()
}
