package network

import (
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/internal/published"
)

// ReadVAE reads the config.json of diffusers' AutoencoderKL. Fields that ask for what is not built here are errors.
func ReadVAE(file string) (VAEConfig, error) {
	c := published.Read(file)
	cfg := VAEConfig{ // diffusers' defaults
		InChannels: 3, OutChannels: 3, LatentChannels: 4, BlockOutChannels: []int{64}, LayersPerBlock: 1, NormGroups: 32,
		MidAttention: true, QuantConv: true, PostQuantConv: true, Scale: 0.18215,
	}
	const down, up = "DownEncoderBlock2D", "UpDecoderBlock2D"
	downs, ups := []string{down}, []string{up}
	for field, into := range map[string]any{
		"in_channels": &cfg.InChannels, "out_channels": &cfg.OutChannels, "latent_channels": &cfg.LatentChannels,
		"block_out_channels": &cfg.BlockOutChannels, "layers_per_block": &cfg.LayersPerBlock, "norm_num_groups": &cfg.NormGroups,
		"mid_block_add_attention": &cfg.MidAttention, "use_quant_conv": &cfg.QuantConv, "use_post_quant_conv": &cfg.PostQuantConv,
		"scaling_factor": &cfg.Scale, "shift_factor": &cfg.Shift, "down_block_types": &downs, "up_block_types": &ups,
	} {
		c.Take(field, into)
	}
	levels := len(cfg.BlockOutChannels)
	if !slices.Equal(downs, slices.Repeat([]string{down}, levels)) {
		c.Refuse("down_block_types", down+" for every entry of block_out_channels")
	}
	if !slices.Equal(ups, slices.Repeat([]string{up}, levels)) {
		c.Refuse("up_block_types", up+" for every entry of block_out_channels")
	}
	c.OnlyAll(map[string]any{"_class_name": "AutoencoderKL", "act_fn": "silu", "latents_mean": nil, "latents_std": nil})
	c.Ignore("sample_size", "force_upcast") // for pictures in tiles, and for half precision
	if err := c.Err(); err != nil {
		return VAEConfig{}, err
	}
	return cfg, cfg.Validate()
}

// Validate returns an error that names a field that cannot work.
func (cfg VAEConfig) Validate() error {
	f := check.Fields{Of: "network"}
	f.Want(len(cfg.BlockOutChannels) > 0, "block_out_channels", cfg.BlockOutChannels, "at least one")
	f.Want(cfg.NormGroups >= 1, "norm_num_groups", cfg.NormGroups, "≥ 1")
	f.Want(cfg.LayersPerBlock >= 1, "layers_per_block", cfg.LayersPerBlock, "≥ 1")
	f.Want(cfg.LatentChannels >= 1, "latent_channels", cfg.LatentChannels, "≥ 1")
	f.Want(cfg.Scale > 0, "scaling_factor", cfg.Scale, "> 0")
	for _, width := range cfg.BlockOutChannels {
		f.Want(f.Err != nil || width >= 1 && width%cfg.NormGroups == 0, "block_out_channels", cfg.BlockOutChannels, "multiples of norm_num_groups")
	}
	return f.Err
}

var oldAttention = strings.NewReplacer(".query.", ".to_q.", ".key.", ".to_k.", ".value.", ".to_v.", ".proj_attn.", ".to_out.0.")

// VAEName is today's name of a tensor of the autoencoder: its attention had other names before 2023.
func VAEName(old string) string { return oldAttention.Replace(old) }
