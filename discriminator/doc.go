// Package discriminator tells real pictures from a student's: light trainable heads on the features of a frozen network
// (ADD section 3.2; the heads are those of StyleGAN-T, section 3.2 there).
//
// One picture passes through, real and generated alike:
//
//	View      DiffAugment, random crop, resize to the feature network's input
//	FeatureNet    the frozen network: taps [B,1+T,C], CLS first
//	Tokens    CLS added to every patch token, CLS dropped: [B,T,C]
//	Heads     one head per tap: logits [B,T], conditioned by projection
//	losses    hinge for both players, R1 at the inputs of the heads
//
// Init creates the heads' variables on the host. Inside a graph, Bind reads them, normalises the weights once and gives Heads,
// whose Logits and LogitsR1 may then be called for as many batches as the step needs:
//
//	heads := discriminator.Bind(scope, x.Graph(), cfg, true) // true: the discriminator's own step
//	real, r1 := heads.LogitsR1(discriminator.Features(net, x0, view0, cfg, 224), cond)
//	fake := heads.Logits(discriminator.Features(net, StopGradient(xhat), view1, cfg, 224), cond)
//	loss := discriminator.DiscriminatorLoss(real, fake, r1, cfg.R1Weight)
//
// and in the student's step
//
//	fake := discriminator.Bind(scope, xhat.Graph(), cfg, false).Logits(..., cond)
//	loss := discriminator.GeneratorLoss(fake)
//
// Shapes: B batch, H height, W width, T patch tokens, C channels of a tap, E condition, M channels of the projection (MapDim).
// Everything random is drawn on the host: DrawView and Init.
package discriminator
