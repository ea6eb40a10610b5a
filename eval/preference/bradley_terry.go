package preference

import (
	"errors"
	"fmt"
	"math"
)

// ErrNotIdentified is of votes that bear no finite abilities: some methods won, or lost, every vote against the others, or never met them.
var ErrNotIdentified = errors.New("preference: abilities are not identified, want chains of wins from every method to every other")

const (
	iterations = 100_000
	closeness  = 1e-11 // of two iterates' logarithms
)

// BradleyTerry gives the abilities β = ln π of greatest likelihood under P(i is preferred to j) = π_i/(π_i + π_j) (Bradley & Terry 1952),
// one per method, with mean 0. The MM algorithm is Hunter 2004, eq. 3, one method after the other:
// π_i ← W_i / Σ_{j≠i} N_ij/(π_i + π_j), where W_i are the wins of i and N_ij the votes on the pair.
func BradleyTerry(w Wins) ([]float64, error) {
	for i, row := range w {
		if len(row) != len(w) {
			return nil, fmt.Errorf("preference: wins of method %d = %d numbers, want %d", i, len(row), len(w))
		}
		for j, x := range row {
			if !(x >= 0) || math.IsInf(x, 0) || i == j && x != 0 {
				return nil, fmt.Errorf("preference: wins of method %d over %d = %v, want a number ≥ 0, and 0 over itself", i, j, x)
			}
		}
	}
	if len(w) == 0 || len(w.Groups()) > 1 {
		return nil, ErrNotIdentified
	}
	n := len(w)
	won, ability, beta := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		ability[i] = 1
		for j := range n {
			won[i] += w[i][j]
		}
	}
	if n == 1 {
		return beta, nil
	}
	for range iterations {
		moved := 0.
		for i := range n {
			met := 0.
			for j := range n {
				if i != j {
					met += (w[i][j] + w[j][i]) / (ability[i] + ability[j])
				}
			}
			ability[i] = won[i] / met
		}
		next, mean := make([]float64, n), 0.
		for i := range n {
			next[i] = math.Log(ability[i])
			mean += next[i] / float64(n)
		}
		for i := range n {
			next[i] -= mean
			moved = max(moved, math.Abs(next[i]-beta[i]))
			ability[i] = math.Exp(next[i])
		}
		if beta = next; moved < closeness {
			return beta, nil
		}
	}
	return nil, fmt.Errorf("preference: abilities have not converged in %d iterations", iterations)
}

// OnEloScale gives an ability in Elo's points: 400 are odds of ten to one, and the mean method has 1000.
func OnEloScale(beta float64) float64 { return EloStart + eloWidth/math.Ln10*beta }
