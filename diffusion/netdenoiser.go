package diffusion

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
)

// NetDenoiser is the denoiser of a network whose weights are below scope, with outputs of kind p.
func NetDenoiser(scope *model.Scope, net network.Backbone, p Prediction) Denoiser {
	return Adapt(p, func(xt *Node, level Level, cond Cond) *Node {
		return net.Apply(scope, xt, MulScalar(level.T, 1000.0), cond.Tokens, cond.Pooled)
	})
}

// EncodeText runs the text encoder below scope on ids [B,L].
func EncodeText(scope *model.Scope, cfg network.TextConfig, ids *Node) Cond {
	tokens, pooled := network.TextEncoder(scope, cfg, ids)
	return Cond{Tokens: tokens, Pooled: pooled}
}
