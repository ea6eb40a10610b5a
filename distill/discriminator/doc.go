// Package discriminator tells real pictures from a student's: light trainable heads on the features of a frozen network (ADD, Sauer et al.
// 2023, arXiv 2311.17042; the heads are those of StyleGAN-T, Sauer et al. 2023, arXiv 2301.09515).
//
// Real and generated pictures pass the same steps:
//
//	View        DiffAugment
//	FeatureNet  the frozen network: taps [B,1+T,C], CLS first
//	Tokens      CLS added to every patch token, CLS dropped: [B,T,C]
//	Heads       one head per tap: logits [B,T], conditioned by projection on Condition
//	losses      hinge for both players, R1 at the inputs of the heads
//
// Init creates the heads' variables on the host. In a graph, Bind reads them, normalises the weights once and gives Heads for as many
// batches as the step has. The discriminator's step:
//
//	heads := discriminator.Bind(scope, g, cfg, true) // true: spectral norms take their power iteration
//	real, r1 := heads.LogitsR1(discriminator.Features(net, x0, view0, cfg), cond)
//	fake := heads.Logits(discriminator.Features(net, StopGradient(xhat), view1, cfg), cond)
//	loss := cfg.DiscriminatorLoss(real, fake, r1, cfg.R1Weight)
//
// and the student's:
//
//	fake := heads.Logits(discriminator.Features(net, xhat, view, cfg), cond)
//	loss := cfg.GeneratorLoss(fake)
//
// Shapes: B batch, H height, W width, T patch tokens, C channels of a tap, E condition, M channels of the projection (MapDim).
// All that is random is drawn on the host, by Init and DrawView.
package discriminator
