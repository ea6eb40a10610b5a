package diffusion

import (
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
)

// Denoiser predicts the clean image x̂₀ from xt [B,…]; the result has the shape of xt.
type Denoiser func(xt *Node, level Level, cond Cond) *Node

// Prediction names what a network outputs.
type Prediction string

const (
	PredictV   Prediction = "v"   // v = α_t ε − σ_t x₀
	PredictEps Prediction = "eps" // ε
	PredictX0  Prediction = "x0"  // x₀
)

var predictions = []Prediction{PredictV, PredictEps, PredictX0}

// Validate reports whether the prediction is known.
func (p Prediction) Validate() error {
	if !slices.Contains(predictions, p) {
		return fmt.Errorf("diffusion: prediction = %q, want one of %q", p, predictions)
	}
	return nil
}

// Adapt turns a raw network, whose output is of kind p, into a Denoiser.
func Adapt(p Prediction, raw Denoiser) Denoiser {
	if err := p.Validate(); err != nil {
		panic(err)
	}
	return func(xt *Node, level Level, cond Cond) *Node {
		out := raw(xt, level, cond)
		switch p {
		case PredictV:
			return X0FromV(xt, out, level)
		case PredictEps:
			return X0FromEps(xt, out, level)
		}
		return out
	}
}

// Target returns what a network of kind p should output for the pair (x0, eps).
func Target(p Prediction, x0, eps *Node, level Level) *Node {
	switch p {
	case PredictV: // v = α_t ε − σ_t x₀ (progressive distillation §4)
		l := level.Like(x0)
		return Sub(Mul(l.Alpha, eps), Mul(l.Sigma, x0))
	case PredictEps:
		return eps
	case PredictX0:
		return x0
	}
	panic(p.Validate())
}

// Diffuse adds noise, x_t = α_t x₀ + σ_t ε (DDIM eq. 4).
func Diffuse(x0, eps *Node, level Level) *Node {
	l := level.Like(x0)
	return Add(Mul(l.Alpha, x0), Mul(l.Sigma, eps))
}

// X0FromV returns x̂₀ = α_t x_t − σ_t v̂ (progressive distillation §4).
func X0FromV(xt, v *Node, level Level) *Node {
	l := level.Like(xt)
	return Sub(Mul(l.Alpha, xt), Mul(l.Sigma, v))
}

// EpsAlphaFloor is α of Stable Diffusion's last step, √ᾱ₁₀₀₀: the noisiest level that its ε-networks have been trained to read.
const EpsAlphaFloor = 0.06826491421716747

// noSignal is the α below which X0FromEps takes x_t for pure noise.
const noSignal = 1e-3

// X0FromEps returns x̂₀ = (x_t − σ_t ε̂)/α_t (DDIM eq. 9, first term), the inverse of EpsFromX0. It scales an error of ε̂ by σ_t/α_t.
//
// At pure noise α_t = 0 and the division has no value. There α and σ of EpsAlphaFloor are used: the network gets pure noise, and its
// output is converted as at its own last step. The released ADD models are used so.
func X0FromEps(xt, eps *Node, level Level) *Node {
	l := level.Like(xt)
	pure := LessThan(l.Alpha, ConstAs(l.Alpha, noSignal))
	alpha := Where(pure, ConstAs(l.Alpha, EpsAlphaFloor), l.Alpha)
	sigma := Where(pure, ConstAs(l.Sigma, math.Sqrt(1-EpsAlphaFloor*EpsAlphaFloor)), l.Sigma)
	return Div(Sub(xt, Mul(sigma, eps)), alpha)
}

// sigmaFloor keeps divisions by σ_t finite at t = 0, where x_t does not determine ε.
const sigmaFloor = 1e-3

// Affine gives the factors of x̂₀ = x·x_t + out·output for a network of kind p at the level α, σ, as Adapt has them.
func (p Prediction) Affine(alpha, sigma float64) (x, out float64) {
	switch p {
	case PredictV:
		return alpha, -sigma
	case PredictEps:
		if alpha < noSignal {
			alpha, sigma = EpsAlphaFloor, math.Sqrt(1-EpsAlphaFloor*EpsAlphaFloor)
		}
		return 1 / alpha, -sigma / alpha
	}
	return 0, 1
}

// EpsFromX0 returns ε̂ = (x_t − α_t x̂₀)/σ_t (DDIM eq. 9 solved for ε): x_t itself at α = 0. Keep t away from 0.
func EpsFromX0(xt, x0 *Node, level Level) *Node {
	l := level.Like(xt)
	return Div(Sub(xt, Mul(l.Alpha, x0)), MaxScalar(l.Sigma, sigmaFloor))
}

// Guided reports whether guidance needs a second pass of the network. 0 means none, and 1 equals the conditional prediction.
func Guided(guidance float64) bool { return guidance != 0 && guidance != 1 }

// Guide returns the guided denoiser x̂_u + w (x̂_c − x̂_u) (CFG eq. 6, with its 1+w written as w). x̂_c is conditioned on cond,
// x̂_u on null. In x̂₀, ε̂ or v̂ it is the same formula, since each is affine in the others at a given x_t.
//
// w = 0 is unconditional, 1 conditional. null may have batch 1. Both predictions come from one doubled batch.
func Guide(d Denoiser, w float64, null Cond) Denoiser {
	return func(xt *Node, level Level, cond Cond) *Node {
		batch := xt.Shape().Dim(0)
		both := d(
			Concatenate([]*Node{xt, xt}, 0),
			ConcatLevels(level, level),
			ConcatConds(null.Expand(batch), cond.Expand(batch)))
		uncond := Slice(both, AxisRange(0, batch))
		return Add(uncond, MulScalar(Sub(Slice(both, AxisRange(batch, 2*batch)), uncond), w))
	}
}

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
