package diffusion

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
)

// UNetDenoiser is the denoiser of the U-Net whose weights are below scope, with outputs of kind p.
func UNetDenoiser(scope *model.Scope, cfg network.UNetConfig, p Prediction) Denoiser {
	return Adapt(p, func(xt *Node, level Level, cond Cond) *Node {
		return network.UNet(scope, cfg, xt, MulScalar(level.T, 1000.0), cond.Tokens, cond.Pooled)
	})
}

// EncodeText runs the text encoder below scope on ids [B,L].
func EncodeText(scope *model.Scope, cfg network.TextConfig, ids *Node) Cond {
	tokens, pooled := network.TextEncoder(scope, cfg, ids)
	return Cond{Tokens: tokens, Pooled: pooled}
}
