package sweep

import (
	"cmp"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/report"
)

// compareRows fills in what tells rows apart: p against the default cell, and tie groups. Rows of one seed have neither.
func compareRows(rows []report.Row) {
	for _, metric := range []string{ablations.FID, ablations.CLIP} {
		groups := tieGroups(metric, rows)
		for i := range rows {
			p, group := &rows[i].PFID, &rows[i].GroupFID
			if metric == ablations.CLIP {
				p, group = &rows[i].PCLIP, &rows[i].GroupCLIP
			}
			*group = groups[i]
			for _, byDefault := range rows {
				if !byDefault.Default || rows[i].Default || unsteady(rows[i]) || unsteady(byDefault) {
					continue
				}
				if w, err := welch(metric, rows[i], byDefault); err == nil {
					*p = &w.P
				}
			}
		}
	}
}

// tieGroups gives each row letters such that two rows share one if and only if Welch's test finds no difference between them at 5 %:
// the letters are the largest sets of rows that do not differ among each other, from the best one on.
func tieGroups(metric string, rows []report.Row) []string {
	var members []int
	for i, r := range rows {
		if len(r.BySeed) > 1 && !r.Collapsed() && !unsteady(r) {
			members = append(members, i)
		}
	}
	sign := 1.0
	if metric == ablations.CLIP {
		sign = -1
	}
	slices.SortStableFunc(members, func(i, j int) int {
		return cmp.Compare(sign*of(metric, rows[i]).Mean, sign*of(metric, rows[j]).Mean)
	})
	tied := func(i, j int) bool {
		w, err := welch(metric, rows[i], rows[j])
		if err != nil { // no spread at all: equal or not
			return of(metric, rows[i]).Mean == of(metric, rows[j]).Mean
		}
		return w.P >= 1-confidence
	}
	sets := cliques(members, tied)
	ranks := func(set []int) []int { // of its best row, then of its next ones
		at := make([]int, len(set))
		for k, i := range set {
			at[k] = slices.Index(members, i)
		}
		slices.Sort(at)
		return at
	}
	slices.SortFunc(sets, func(a, b []int) int { return slices.Compare(ranks(a), ranks(b)) })
	letters := make([]string, len(rows))
	for k, set := range sets {
		for _, i := range set {
			letters[i] += letter(k)
		}
	}
	return letters
}

// letter counts a … z, a1 … z1 and so on.
func letter(k int) string {
	s := string(rune('a' + k%26))
	if k >= 26 {
		s += string(rune('0' + k/26))
	}
	return s
}

// cliques lists the largest sets whose members are all tied, by the method of Bron and Kerbosch (1973) with the pivot of Tomita et al.
// (2006), without which many tied cells take exponential time.
func cliques(members []int, tied func(i, j int) bool) (sets [][]int) {
	ties := map[[2]int]bool{}
	for k, i := range members {
		for _, j := range members[k+1:] {
			t := tied(i, j)
			ties[[2]int{i, j}], ties[[2]int{j, i}] = t, t
		}
	}
	with := func(list []int, i int) (kept []int) {
		for _, j := range list {
			if ties[[2]int{i, j}] {
				kept = append(kept, j)
			}
		}
		return kept
	}
	var grow func(set, candidates, done []int)
	grow = func(set, candidates, done []int) {
		if len(candidates) == 0 {
			if len(done) == 0 && len(set) > 0 {
				sets = append(sets, slices.Clone(set))
			}
			return
		}
		pivot := slices.MaxFunc(slices.Concat(candidates, done), func(a, b int) int {
			return cmp.Compare(len(with(candidates, a)), len(with(candidates, b)))
		})
		for _, i := range slices.Clone(candidates) {
			if ties[[2]int{pivot, i}] { // a largest set has the pivot or one that is not tied to it
				continue
			}
			grow(append(slices.Clone(set), i), with(candidates, i), with(done, i))
			candidates = slices.DeleteFunc(slices.Clone(candidates), func(j int) bool { return j == i })
			done = append(slices.Clone(done), i)
		}
	}
	grow(nil, members, nil)
	return sets
}
