package network

import "fmt"

// DiTConfig describes a diffusion transformer; the fields are those of diffusers' PixArt-α transformer where it has them.
type DiTConfig struct {
	SampleSize  int `json:"sample_size"` // pixels per side
	Patch       int `json:"patch_size"`
	InChannels  int `json:"in_channels"`
	OutChannels int `json:"out_channels"`
	Width       int `json:"hidden_size"`
	Depth       int `json:"num_layers"`
	Heads       int `json:"num_attention_heads"`
	CaptionDim  int `json:"caption_channels"` // width of the text tokens
	PooledDim   int `json:"pooled_dim"`       // width of the pooled text added to the time embedding (as SDXL does); 0 for PixArt's none
}

// TinyDiT costs as many multiplications as TinyUNet and reads the same text.
func TinyDiT(textWidth int) DiTConfig {
	return DiTConfig{
		SampleSize: 32, Patch: 4, InChannels: 3, OutChannels: 3, Width: 160, Depth: 6, Heads: 5,
		CaptionDim: textWidth, PooledDim: textWidth,
	}
}

// Validate returns an error that names a field that cannot work.
func (c DiTConfig) Validate() error {
	switch {
	case c.Patch < 1 || c.SampleSize < 1 || c.SampleSize%c.Patch != 0:
		return fmt.Errorf("network: dit patch_size = %d, want a divisor of sample_size = %d", c.Patch, c.SampleSize)
	case c.Heads < 1 || c.Width%c.Heads != 0 || c.Width%4 != 0 || c.Width < 4:
		return fmt.Errorf("network: dit hidden_size = %d, want a multiple of 4 and of num_attention_heads = %d", c.Width, c.Heads)
	case c.Depth < 1:
		return fmt.Errorf("network: dit num_layers = %d, want ≥ 1", c.Depth)
	case c.InChannels < 1 || c.OutChannels < 1 || c.CaptionDim < 1 || c.PooledDim < 0:
		return fmt.Errorf("network: dit in_channels = %d, out_channels = %d, caption_channels = %d, pooled_dim = %d, want ≥ 1, ≥ 1, ≥ 1, ≥ 0",
			c.InChannels, c.OutChannels, c.CaptionDim, c.PooledDim)
	}
	return nil
}
