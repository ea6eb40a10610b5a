package distill

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/train"
)

// reconstructAt is the weight of Config.Reconstruct at times s [B], nil where it is 0. At the first time, where the student is to invent,
// it is 0.
func (m *add) reconstructAt(times []float64) *tensors.Tensor {
	if m.cfg.Reconstruct == 0 {
		return nil
	}
	weight := make([]float32, len(times))
	for i, s := range times {
		if alpha, sigma := m.schedule.AlphaSigma(s); s < float64(m.cfg.Times[0])/1000 {
			weight[i] = float32(m.cfg.Reconstruct * min(1, alpha*alpha/(sigma*sigma)))
		}
	}
	return train.F32(weight, len(times))
}

// reconstruct is the gradient of E w(s)·d(x̂_θ, x₀) at x0 = x̂_θ, with d of Config.Reduction between samples.
func (m *add) reconstruct(in addInputs[*Node], x0 *Node, losses map[string]*Node) *Node {
	clean := Identity(StopGradient(x0))
	loss := DistillLoss(clean, in.Real, in.Reconstruct, m.summed())
	gradient := Gradient(loss, clean)[0]
	losses["reconstruct"], losses["reconstruct_grad"] = loss, l2(gradient)
	return gradient
}
