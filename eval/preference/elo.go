package preference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Elo's constants as ADD sets them.
const (
	EloStart = 1000 // R₀, the rating before any vote
	EloK     = 1    // how far a vote moves a rating at most
	eloWidth = 400  // points that make odds of ten to one
)

// elo rates methods by votes in their order: R_A ← R_A + K·(S_A − E_A) with E_A = 1/(1 + 10^((R_B − R_A)/400)) (Elo 1978), from R₀ = 1000
// with K = 1 (ADD, appendix on human preference). Ratings have one entry per method; their mean stays R₀.
func elo(methods int, votes []Vote) []float64 {
	r := slices.Repeat([]float64{EloStart}, methods)
	for _, v := range votes {
		expected := 1 / (1 + math.Pow(10, (r[v.B]-r[v.A])/eloWidth))
		gain := EloK * (v.Score - expected)
		r[v.A] += gain
		r[v.B] -= gain
	}
	return r
}

// EloOverOrders is the mean of Elo ratings over random orders of the votes, as in ADD with 1,000 of them, and the standard deviation over
// orders. That deviation tells how much the order matters; it is no error of the rating.
func EloOverOrders(methods int, votes []Vote, orders int, r *rand.Rand) (mean, deviation []float64, err error) {
	if err := validate(methods, votes); err != nil {
		return nil, nil, err
	}
	if orders < 1 {
		return nil, nil, fmt.Errorf("preference: orders = %d, want ≥ 1", orders)
	}
	mean, deviation = make([]float64, methods), make([]float64, methods)
	votes = slices.Clone(votes)
	for n := range orders {
		r.Shuffle(len(votes), func(i, j int) { votes[i], votes[j] = votes[j], votes[i] })
		for m, rating := range elo(methods, votes) { // Welford's update
			off := rating - mean[m]
			mean[m] += off / float64(n+1)
			deviation[m] += off * (rating - mean[m])
		}
	}
	for m := range deviation {
		deviation[m] = math.Sqrt(deviation[m] / float64(max(orders-1, 1)))
	}
	return mean, deviation, nil
}
