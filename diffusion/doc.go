// Package diffusion is the mathematics of diffusion models: noise schedules, one
// denoiser convention, guidance, the distillation weightings of ADD, and samplers as plans of linear updates.
//
// Notation: data x₀, noise ε ~ N(0,I), x_t = α_t x₀ + σ_t ε with α_t² + σ_t² = 1; λ_t = ln(α_t/σ_t) is half the log-SNR;
// x̂₀, ε̂, v̂ are predictions. Time t runs over [0,1]: 0 is clean, 1 is the noisiest ("1000" of the papers).
//
// Every network is used as a [Denoiser], x̂₀ = d(x_t, level, cond); [Adapt] turns v-, ε- and x₀-networks into one, [Guide]
// adds classifier-free guidance. A [Sampler] is planned on the host, before any graph is built:
//
//	plan, err := diffusion.DPMSolverPP2M{}.Plan(diffusion.Cosine{}, 25)
//
// and each [Step] of the plan is executed by [Update] in a graph, or by [Apply] on plain slices. [Mixture] is a toy world
// whose densities and denoisers are known in closed form, on the host and in a graph.
//
// Papers cited by short name: ADD = arXiv 2311.17042, DDIM = 2010.02502, DPM-Solver++ = 2211.01095, UniPC = 2302.04867,
// EDM = 2206.00364, progressive distillation = 2202.00512, zero terminal SNR = 2305.08891, CFG = 2207.12598,
// DreamFusion = 2209.14988, NFSD = 2310.17590.
package diffusion
