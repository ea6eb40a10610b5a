package preference

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/addlab/addlab/eval"
)

// Fit is Bradley–Terry of the answers to several questions about the same pairs, on Elo's scale. Methods outside the group are not
// rated: their estimates have N = 0.
type Fit struct {
	Group     []int             // the largest set of methods that every question by itself puts on a common scale
	Questions [][]eval.Estimate // [question][method]; the mean of the group is 1000, N counts the method's votes within the group
	Mean      []eval.Estimate   // [method], over questions

	// Lost is the share of resamples in which some of the group won or lost all. Where it exceeds half of what an interval leaves out,
	// there is no interval.
	Lost float64
}

// NewFit estimates abilities with percentile intervals of a bootstrap over the clusters of votes. All questions are resampled together,
// for a voter who answers one answers the others.
func NewFit(methods int, questions [][]Vote, confidence float64, resamples int, r *rand.Rand) (f Fit, err error) {
	if len(questions) == 0 {
		return f, errors.New("preference: questions = 0, want at least one")
	}
	for q, votes := range questions {
		if err := validate(methods, votes); err != nil {
			return f, fmt.Errorf("question %d: %w", q, err)
		}
	}
	b, err := newBootstrap(questions, confidence, resamples, r)
	if err != nil {
		return f, err
	}
	f.Group = commonGroup(methods, questions)

	ratings := func(weights []float64) [][]float64 { // [question, and their mean last][place in the group]
		all := make([][]float64, len(questions)+1)
		all[len(questions)] = make([]float64, len(f.Group))
		for q, votes := range questions {
			beta, fault := BradleyTerry(count(methods, votes, weights).only(f.Group))
			if fault != nil {
				if weights == nil {
					err = fmt.Errorf("question %d: %w", q, fault)
				}
				beta = nan(len(f.Group))
			}
			for i := range beta {
				beta[i] = OnEloScale(beta[i])
				all[len(questions)][i] += beta[i] / float64(len(questions))
			}
			all[q] = beta
		}
		return all
	}
	estimates := ratings(nil)
	if err != nil {
		return f, err
	}
	var resampled [][][]float64
	if len(f.Group) > 1 {
		b.draw(func(weights []float64) {
			one := ratings(weights)
			resampled = append(resampled, one)
			if math.IsNaN(one[len(questions)][0]) {
				f.Lost += 1 / float64(resamples)
			}
		})
	}
	for q := range estimates {
		column := make([]eval.Estimate, methods)
		for i, m := range f.Group {
			if len(f.Group) == 1 {
				continue // alone it has no rating
			}
			var values []float64
			for _, one := range resampled {
				values = append(values, one[q][i])
			}
			column[m] = b.interval(estimates[q][i], f.votes(questions, q, m), values)
		}
		if q < len(questions) {
			f.Questions = append(f.Questions, column)
		} else {
			f.Mean = column
		}
	}
	return f, nil
}

// votes counts those on a method within the group, of one question, or of all of them for the mean.
func (f Fit) votes(questions [][]Vote, q, method int) (n int) {
	if q < len(questions) {
		questions = questions[q : q+1]
	}
	inside := map[int]bool{}
	for _, m := range f.Group {
		inside[m] = true
	}
	for _, votes := range questions {
		for _, v := range votes {
			if inside[v.A] && inside[v.B] && (v.A == method || v.B == method) {
				n++
			}
		}
	}
	return n
}

// commonGroup is the largest set of methods whose wins among themselves form one group in every question; of several as large, the first.
// The chains of wins may differ between questions, for each is fitted by itself.
func commonGroup(methods int, questions [][]Vote) (largest []int) {
	all := make([]int, methods)
	for i := range all {
		all[i] = i
	}
	groups := [][]int{all}
	for parts := 0; parts < len(groups); { // until no question splits any
		parts = len(groups)
		for _, votes := range questions {
			w := count(methods, votes, nil)
			var finer [][]int
			for _, group := range groups {
				for _, places := range w.only(group).Groups() {
					part := make([]int, len(places))
					for i, place := range places {
						part[i] = group[place]
					}
					finer = append(finer, part)
				}
			}
			groups = finer
		}
	}
	slices.SortFunc(groups, func(a, b []int) int { return cmp.Or(len(b)-len(a), a[0]-b[0]) })
	return groups[0]
}

func nan(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}
