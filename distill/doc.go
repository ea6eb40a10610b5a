// Package distill trains a student by Adversarial Diffusion Distillation (Sauer et al. 2311.17042, "ADD"): from one noisy picture it
// must predict a clean one in a single step, which a discriminator on frozen features takes for real and to which the
// frozen teacher agrees.
//
//	L = L_adv^G(x̂_θ(x_s,s), φ) + λ·L_distill(x̂_θ(x_s,s), ψ)      (ADD eq. 1)
//
// A Method is a file: add.go is ADD, lcm.go latent consistency distillation, which Config.Consistency asks for. Config.Method names any
// other. A Trainer runs it.
//
// The networks come from a Base, such as a pretrain.Bundle. In the store they are at /text, /teacher, /features (all frozen), /student, /student_ema
// and /discriminator, and other features for the discriminator at /other_features.
package distill
