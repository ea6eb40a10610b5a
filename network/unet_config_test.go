package network

import (
	"strings"
	"testing"
)

func TestUNetConfigsValidate(t *testing.T) {
	for name, cfg := range map[string]UNetConfig{"tiny": TinyUNet(96), "Stable Diffusion 2.1": stableDiffusion21(), "small": smallUNet()} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, edit := range map[string]func(*UNetConfig){
		"block_out_channels is empty":     func(c *UNetConfig) { c.BlockOutChannels = nil },
		"cross_attention has 1":           func(c *UNetConfig) { c.CrossAttention = []bool{true} },
		"heads 3 entries, want 2":         func(c *UNetConfig) { c.Heads = []int{1, 1, 1} },
		"layers_per_block = 0":            func(c *UNetConfig) { c.LayersPerBlock = 0 },
		"stem = 0":                        func(c *UNetConfig) { c.Stem = 0 },
		"norm_num_groups = 0":             func(c *UNetConfig) { c.NormGroups = 0 },
		"multiple of norm_num_groups":     func(c *UNetConfig) { c.NormGroups = 3 },
		"block_out_channels[1] = 16":      func(c *UNetConfig) { c.Heads[1] = 5 },
		"heads[1] = 0, want ≥ 1":          func(c *UNetConfig) { c.Heads[1] = 0 },
		"block_out_channels[0] = 0, want": func(c *UNetConfig) { c.BlockOutChannels[0] = 0 },
	} {
		cfg := smallUNet()
		edit(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// stableDiffusion21 is the U-Net of Stable Diffusion 2.1.
func stableDiffusion21() UNetConfig {
	return UNetConfig{
		InChannels: 4, OutChannels: 4,
		BlockOutChannels: []int{320, 640, 1280, 1280}, LayersPerBlock: 2,
		CrossAttention: []bool{true, true, true, false}, CrossAttentionDim: 1024, Heads: []int{5, 10, 20, 20},
		TransformerDepth: 1, LinearProjection: true, NormGroups: 32, Stem: 1,
	}
}
