package eval

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/parallel"
)

// Stats are the mean and the covariance (ddof = 1) of N feature vectors, in float64 throughout.
// N = 0 means unknown, as in reference statistics published without it.
type Stats struct {
	N    int
	Mean []float64
	Cov  *mat.SymDense
}

// blockRows is how many rows are centred and multiplied at once: [blockRows,D] in float64 should stay in the cache.
const blockRows = 256

// NewStats computes the mean in a first pass over the rows and the covariance of the centred rows in a second.
// A single row has zero covariance.
func NewStats(f Features) (Stats, error) {
	if err := f.Validate(); err != nil {
		return Stats{}, err
	}
	mean := f.mean()
	sum := dense.New(f.D, f.D)
	block := dense.New(min(blockRows, f.N), f.D)
	for from := 0; from < f.N; from += blockRows {
		block.Rows = min(blockRows, f.N-from)
		parallel.For(block.Rows, func(i int) {
			centred := block.Data[i*block.Stride : i*block.Stride+f.D]
			for j, v := range f.Row(from + i)[:len(centred)] {
				centred[j] = float64(v) - mean[j]
			}
		})
		dense.AddGram(sum, block)
	}
	cov := mat.NewSymDense(f.D, nil)
	for i := range f.D {
		for j := i; j < f.D; j++ {
			cov.SetSym(i, j, sum.Data[i*sum.Stride+j]/float64(max(f.N-1, 1)))
		}
	}
	return Stats{N: f.N, Mean: mean, Cov: cov}, nil
}

// mean sums in float64: over 1e6 rows a float32 sum would lose half of its digits. Blocks are added in their order, whatever the cores.
func (f Features) mean() []float64 {
	sums := make([][]float64, (f.N+blockRows-1)/blockRows)
	parallel.For(len(sums), func(b int) {
		sums[b] = make([]float64, f.D)
		for i := b * blockRows; i < min((b+1)*blockRows, f.N); i++ {
			for j, v := range f.Row(i) {
				sums[b][j] += float64(v)
			}
		}
	})
	mean := make([]float64, f.D)
	for _, sum := range sums {
		floats.Add(mean, sum)
	}
	floats.Scale(1/float64(f.N), mean)
	return mean
}

// without subtracts the statistics of a block of the rows (Chan, Golub & LeVeque 1979):
// (N−1)·Σ = Σ_b (n_b−1)·Σ_b + n_b·(μ_b−μ)(μ_b−μ)ᵀ.
func (s Stats) without(block Stats) Stats {
	n, m := float64(s.N), float64(block.N)
	rest := Stats{N: s.N - block.N, Mean: make([]float64, len(s.Mean)), Cov: mat.NewSymDense(len(s.Mean), nil)}
	shift := make([]float64, len(s.Mean)) // from the rest's mean to the block's
	for j := range rest.Mean {
		rest.Mean[j] = (n*s.Mean[j] - m*block.Mean[j]) / (n - m)
		shift[j] = block.Mean[j] - rest.Mean[j]
	}
	between := m * (n - m) / n
	for i := range shift {
		for j := i; j < len(shift); j++ {
			sum := (n-1)*s.Cov.At(i, j) - (m-1)*block.Cov.At(i, j) - between*shift[i]*shift[j]
			rest.Cov.SetSym(i, j, sum/(n-m-1))
		}
	}
	return rest
}

// Validate checks shapes and finiteness, so that a NaN in a file of statistics is an error and no score.
func (s Stats) Validate() error {
	d := len(s.Mean)
	if d == 0 || s.Cov == nil || s.Cov.SymmetricDim() != d {
		return fmt.Errorf("eval: stats: len(Mean) = %d, want ≥ 1 and a Cov of the same dimension", d)
	}
	for i := range d {
		if v := s.Mean[i]; !finite(v) {
			return fmt.Errorf("eval: stats: Mean[%d] = %v, want a finite number", i, v)
		}
		for j := i; j < d; j++ {
			if v := s.Cov.At(i, j); !finite(v) {
				return fmt.Errorf("eval: stats: Cov[%d,%d] = %v, want a finite number", i, j, v)
			}
		}
	}
	return nil
}
