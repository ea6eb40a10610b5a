package diffusion

import "math"

// UniPC is UniPC-2 (Zhao et al. 2302.04867 §3) with data prediction and B(h) = e^h − 1, called bh2: its predictor is
// DPM-Solver++(2M), and its corrector uses x̂₀ at the new point as well, without a call more. It is of third order.
//
// The corrector amends the state x that the prediction came from: x ← x + Δ, where Δ is a linear combination of the last three x̂₀.
// The next step starts from the amended state. So it is the predictor's step with X·Δ added, and the plan needs no second state.
type UniPC struct {
	Grid Grid // default GridTime
}

var _ Sampler = UniPC{}

func (UniPC) Name() string { return "unipc" }

func (u UniPC) Plan(s Schedule, steps int) ([]Step, error) {
	plan, err := DPMSolverPP2M(u).Plan(s, steps)
	if err != nil {
		return nil, err
	}
	return corrected(s, plan), nil
}

// corrected folds UniPC's corrector into a plan of its predictor.
func corrected(s Schedule, plan []Step) []Step {
	for i := 1; i < len(plan); i++ {
		now, prev, prev2 := correction(s, plan[:i+1])
		plan[i].X0 += plan[i].X * now
		plan[i].Prev[0] += plan[i].X * prev
		plan[i].Prev[1] += plan[i].X * prev2
	}
	return plan
}

// correction is Δ = now·x̂₀ + prev·x̂₀_prev + prev2·x̂₀_prev2 at the last time of a plan of the predictor. With m_i = x̂₀ at t_i,
// h = λ_i − λ_{i−1}, r = (λ_{i−1} − λ_{i−2})/h and D = (m_{i−1} − m_{i−2})/r, the predictor has come to
//
//	x = (σ_i/σ_{i−1})·x_{i−1} + A·m_{i−1} + A/2·D,  A = α_i(1 − e^{−h})
//
// and the corrector replaces ½D by ρ₁·D + ρ₂·(m_i − m_{i−1}), where ρ₁ + ρ₂ = b₁ and −r·ρ₁ + ρ₂ = b₂:
//
//	b₁ = 1/(1−e^{−h}) − 1/h,  b₂ = (1 − 2/h)/(1−e^{−h}) + 2/h²
//
// After a step of first order D = 0, and ρ₂ = ½ stands for b₁. Out of pure noise h = ∞ and b₁ = 1, but ½ is right there: x̂₀ begins to
// change in proportion to e^λ.
func correction(s Schedule, plan []Step) (now, prev, prev2 float64) {
	i := len(plan) - 1
	a := firstOrder(s, plan[i-1].T, plan[i].T).X0
	if i == 1 {
		return a / 2, -a / 2, 0
	}
	last := LogSNR(s, plan[i-1].T)
	h := LogSNR(s, plan[i].T) - last
	r := (last - LogSNR(s, plan[i-2].T)) / h // ∞ where t_{i−2} is pure noise: D = 0 then
	e := -math.Expm1(-h)
	b1, b2 := 1/e-1/h, (1-2/h)/e+2/(h*h)
	rho1 := (b1 - b2) / (1 + r)
	rho2 := b1 - rho1
	d := a * (rho1 - 0.5) / r
	return a * rho2, d - a*rho2, -d
}
