package network

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Backbone is a network that a diffusion model can be made of. x is [B,H,W,C], timestep is [B] in 0…1000, tokens is [B,L,E],
// pooled is [B,·]; Apply returns [B,H,W,C].
type Backbone interface {
	Apply(scope *model.Scope, x, timestep, tokens, pooled *Node) *Node
	Validate() error

	// Outer names the first and last layers, which some optimisers treat differently.
	Outer() []string
}

var (
	_ Backbone = UNetConfig{}
	_ Backbone = DiTConfig{}
)

// Apply is UNet.
func (c UNetConfig) Apply(scope *model.Scope, x, timestep, tokens, pooled *Node) *Node {
	return UNet(scope, c, x, timestep, tokens, pooled)
}

// Apply is DiT.
func (c DiTConfig) Apply(scope *model.Scope, x, timestep, tokens, pooled *Node) *Node {
	return DiT(scope, c, x, timestep, tokens, pooled)
}

// Outer implements Backbone.
func (UNetConfig) Outer() []string { return []string{"conv_in", "conv_out"} }

// Outer implements Backbone.
func (DiTConfig) Outer() []string { return []string{"pos_embed", "proj_out"} }
