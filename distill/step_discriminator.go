package distill

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/train/optim"
)

// judged is what one look of the discriminator at a batch gives.
type judged struct {
	loss     discriminator.Loss
	gLoss    *Node // L_adv^G (ADD eq. 2)
	gradient *Node // of L_adv^G at x̂_θ, [B,S,S,3]
}

// judge runs frozen features and heads on real and generated pictures. Student and discriminator share the pass on the generated
// ones, augmented once: the student's gradient goes through heads and features to x0, the discriminator's stops at the features.
func (s *step) judge(heads *discriminator.Heads, real, x0, realView, fakeView, cond *Node, penalise bool) judged {
	cfg, size := s.cfg.Discriminator, s.nets.bundle.Config.Networks.Features.ImageSize
	features := func(img, params *Node) []*Node {
		return discriminator.Features(s.nets.features, img, params, cfg, size)
	}
	clean := Identity(StopGradient(x0))
	fakeTokens, realTokens := features(clean, fakeView), features(real, realView)

	fake := make([]*Node, len(fakeTokens))
	for k, tokens := range fakeTokens {
		fake[k] = Identity(StopGradient(tokens))
	}
	fakeLogits := heads.Logits(fake, cond)

	var out judged
	if penalise {
		realLogits, r1 := heads.LogitsR1(realTokens, cond)
		out.loss = discriminator.DiscriminatorLoss(realLogits, fakeLogits, r1, cfg.R1Weight*float64(cfg.R1Every))
	} else {
		for k := range realTokens {
			realTokens[k] = StopGradient(realTokens[k])
		}
		out.loss = discriminator.DiscriminatorLoss(heads.Logits(realTokens, cond), fakeLogits, nil, 0)
	}

	// From the logits to the tokens, and from the tokens through the frozen network to the picture.
	out.gLoss = discriminator.GeneratorLoss(fakeLogits)
	atTokens := Gradient(MulScalar(out.gLoss, s.cfg.Adversarial), fake...)
	var pulled *Node
	for k, tokens := range fakeTokens {
		part := ReduceAllSum(Mul(tokens, StopGradient(atTokens[k])))
		if pulled == nil {
			pulled = part
		} else {
			pulled = Add(pulled, part)
		}
	}
	out.gradient = Gradient(pulled, clean)[0]
	return out
}

// discriminatorStep moves the heads along the gradient of L_adv^D (ADD eq. 3); returns the norm of that gradient.
func discriminatorStep(root *model.Scope, opt optim.AdamW, loss discriminator.Loss, coefficients *Node) *Node {
	variables := optim.Variables(root.At(discriminatorScope), coefficients.Graph())
	return opt.Update(variables, loss.Total, coefficients)
}
