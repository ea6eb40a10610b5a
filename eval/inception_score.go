package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/internal/parallel"
)

// InceptionSplits is the number of splits of Salimans et al. and torch-fidelity.
const InceptionSplits = 10

// InceptionSplitsScore is the mean and the population standard deviation of the scores of disjoint splits.
type InceptionSplitsScore struct {
	Mean, Std float64
	PerSplit  []float64
}

// InceptionScore is exp of the mean of KL(p(y|x) ‖ p(y)) over the images of a split (Salimans et al. 2016, section 4), averaged over
// splits of consecutive rows; p(y|x) is the softmax of a row of logits and p(y) the mean of its split. It uses no real picture, and
// lies between 1 and the number of classes. Shuffle sorted rows first.
func InceptionScore(logits Features, splits int) (InceptionSplitsScore, error) {
	if err := logits.Validate(); err != nil {
		return InceptionSplitsScore{}, fmt.Errorf("%w (InceptionScore, logits)", err)
	}
	if splits < 1 || splits > logits.N {
		return InceptionSplitsScore{}, fmt.Errorf("eval: InceptionScore: splits = %d, want 1 to %d, the number of images", splits, logits.N)
	}
	score := InceptionSplitsScore{PerSplit: make([]float64, splits)}
	parallel.For(splits, func(i int) {
		score.PerSplit[i] = math.Exp(meanDivergence(logits, i*logits.N/splits, (i+1)*logits.N/splits))
	})
	score.Mean, score.Std = stat.PopMeanStdDev(score.PerSplit, nil)
	return score, nil
}

// meanDivergence is the mean of KL(p(y|x) ‖ p(y)) over rows [from,to), in two passes: p(y) first.
func meanDivergence(logits Features, from, to int) float64 {
	n, p, logp := float64(to-from), make([]float64, logits.D), make([]float64, logits.D)
	marginal := make([]float64, logits.D)
	for i := from; i < to; i++ {
		softmax(logits.Row(i), p, logp)
		floats.AddScaled(marginal, 1/n, p)
	}
	var sum float64
	for i := from; i < to; i++ {
		softmax(logits.Row(i), p, logp)
		for j, v := range p {
			if v > 0 { // 0·log 0 = 0
				sum += v * (logp[j] - math.Log(marginal[j]))
			}
		}
	}
	return max(sum/n, 0) // a negative value is rounding
}

func softmax(row []float32, p, logp []float64) {
	for j, v := range row {
		logp[j] = float64(v)
	}
	floats.AddConst(-floats.LogSumExp(logp), logp)
	for j, v := range logp {
		p[j] = math.Exp(v)
	}
}
