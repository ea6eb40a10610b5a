package preference

import (
	"math"
	"math/rand/v2"

	"github.com/addlab/addlab/eval"
)

// Share is how often A is preferred to B, A < B, among the votes that prefer one of them.
type Share struct {
	A, B               int
	Won, Lost, Neither int           // votes, as A sees them
	Preferred          eval.Estimate // Won/(Won + Lost); N = 0 without such a vote
	resampled          []float64
}

// Shares lists the pairs of methods that votes are about. An interval is the wider of two on each side: Wilson's, which takes votes as
// independent, and the bootstrap's over clusters, which has no width where all votes agree.
func Shares(methods int, votes []Vote, confidence float64, resamples int, r *rand.Rand) (shares []Share, err error) {
	if err := validate(methods, votes); err != nil {
		return nil, err
	}
	b, err := newBootstrap([][]Vote{votes}, confidence, resamples, r)
	if err != nil {
		return nil, err
	}
	all := make([][]Share, methods) // [A][B]
	for i := range all {
		all[i] = make([]Share, methods)
	}
	var decided []Vote
	for _, v := range votes {
		if v.A > v.B {
			v.A, v.B, v.Score = v.B, v.A, 1-v.Score
		}
		switch s := &all[v.A][v.B]; v.Score {
		case 1:
			s.Won++
		case 0:
			s.Lost++
		default:
			s.Neither++
			continue
		}
		decided = append(decided, v)
	}
	for i := range all {
		for j, s := range all[i] {
			if s.Won+s.Lost+s.Neither > 0 {
				s.A, s.B = i, j
				shares = append(shares, s)
			}
		}
	}
	b.draw(func(weights []float64) {
		w := count(methods, decided, weights)
		for i := range shares {
			s := &shares[i]
			won, lost := w[s.A][s.B], w[s.B][s.A]
			s.resampled = append(s.resampled, won/(won+lost)) // NaN where the pair is not in the resample
		}
	})
	for i := range shares {
		s := &shares[i]
		n := s.Won + s.Lost
		if n == 0 {
			continue
		}
		wilson, err := eval.RateInterval(s.Won, n, confidence)
		if err != nil {
			return nil, err
		}
		s.Preferred = wilson
		if e := b.interval(wilson.Mean, n, s.resampled); !math.IsInf(e.Low, 0) {
			s.Preferred.Low, s.Preferred.High = min(wilson.Low, e.Low), max(wilson.High, e.High)
		}
	}
	return shares, nil
}
