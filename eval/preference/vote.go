package preference

import "fmt"

// Vote is one answer to one question about a pair of methods.
type Vote struct {
	A, B    int
	Score   float64 // of A: 1 where it is preferred, 0 where B is, ½ where neither is
	Cluster int     // number from 0 of the votes that are resampled together: those of a voter, or those on a caption
}

func validate(methods int, votes []Vote) error {
	if methods < 2 {
		return fmt.Errorf("preference: methods = %d, want ≥ 2", methods)
	}
	for i, v := range votes {
		switch {
		case v.A < 0 || v.A >= methods || v.B < 0 || v.B >= methods || v.A == v.B:
			return fmt.Errorf("preference: vote %d is of methods %d and %d, want two of %d", i, v.A, v.B, methods)
		case v.Score != 0 && v.Score != .5 && v.Score != 1:
			return fmt.Errorf("preference: vote %d: score = %v, want 0, 0.5 or 1", i, v.Score)
		case v.Cluster < 0:
			return fmt.Errorf("preference: vote %d: cluster = %d, want ≥ 0", i, v.Cluster)
		}
	}
	return nil
}

// Wins[i][j] is how often method i was preferred to j. A vote for neither is half a win for each, as it is half a point in Elo.
type Wins [][]float64

// count adds up votes with the weight of their cluster; nil weights are 1.
func count(methods int, votes []Vote, weights []float64) Wins {
	w := make(Wins, methods)
	for i := range w {
		w[i] = make([]float64, methods)
	}
	for _, v := range votes {
		weight := 1.
		if weights != nil {
			weight = weights[v.Cluster]
		}
		w[v.A][v.B] += weight * v.Score
		w[v.B][v.A] += weight * (1 - v.Score)
	}
	return w
}

// only keeps the named methods, in that order.
func (w Wins) only(methods []int) Wins {
	kept := make(Wins, len(methods))
	for i, a := range methods {
		for _, b := range methods {
			kept[i] = append(kept[i], w[a][b])
		}
	}
	return kept
}

// Groups are the methods that votes put on a common scale, each group in the order of numbers, groups in that of their first methods.
// Two methods are in one group if chains of wins lead from each to the other: the likelihood has a maximum in each such group, and in no
// union of several (Hunter 2004, assumption 1).
func (w Wins) Groups() (groups [][]int) {
	n := len(w)
	reach := make([][]bool, n)
	for i := range reach {
		reach[i] = make([]bool, n)
		for j := range n {
			reach[i][j] = i == j || w[i][j] > 0
		}
	}
	for k := range n { // Warshall's closure
		for i := range n {
			for j := range n {
				reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
			}
		}
	}
	seen := make([]bool, n)
	for i := range n {
		if seen[i] {
			continue
		}
		var group []int
		for j := range n {
			if reach[i][j] && reach[j][i] {
				group, seen[j] = append(group, j), true
			}
		}
		groups = append(groups, group)
	}
	return groups
}
