package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval/preference"
	"github.com/addlab/addlab/internal/fold"
)

// With fewer voters a bootstrap over them makes intervals too narrow. Then captions are resampled, and the intervals hold for these voters.
const fewVoters = 10

// tally is the votes that count, and what is to be said of the others.
type tally struct {
	votes   []vote
	methods []string
	voters  []string
	notes   []string
}

// tally takes the votes of one study without the checks of attention, and without voters who failed these.
func (o options) tally(all []vote) (t tally, err error) {
	studies, checks, failed := map[string]int{}, map[string]int{}, map[string]int{}
	type place struct {
		voter string
		pair  int
	}
	seen := map[place]bool{}
	var votes []vote
	for _, v := range all {
		studies[v.Study]++
		if at := (place{v.Voter, v.Pair}); seen[at] {
			return t, fmt.Errorf("%s: voter %q has two votes on pair %d, want one: two files were put together", o.votes, v.Voter, v.Pair)
		} else {
			seen[at] = true
		}
		if v.Attention == "" {
			votes = append(votes, v)
			continue
		}
		checks[v.Voter]++
		if v.failed() {
			failed[v.Voter]++
		}
	}
	switch {
	case len(studies) > 1:
		return t, fmt.Errorf("%s holds votes of %d studies (%s), want one: their methods or pictures differ", o.votes, len(studies), strings.Join(slices.Sorted(maps.Keys(studies)), ", "))
	case len(votes) == 0:
		return t, fmt.Errorf("%s holds no votes on methods yet", o.votes)
	}

	voters := map[string]int{}
	for _, v := range votes {
		voters[v.Voter]++
	}
	unchecked := 0
	for _, voter := range slices.Sorted(maps.Keys(voters)) {
		out := failed[voter] > o.mayFail
		if out {
			text := fmt.Sprintf("Voter %s failed %d of %s of attention", voter, failed[voter], fold.Count(checks[voter], "check"))
			if o.all {
				t.notes = append(t.notes, text+".")
			} else {
				t.notes = append(t.notes, text+fmt.Sprintf(": %s left out (--all-voters takes them).", fold.Count(voters[voter], "vote")))
			}
		}
		if out && !o.all {
			continue
		}
		t.voters = append(t.voters, voter)
		if checks[voter] == 0 {
			unchecked++
		}
	}
	if unchecked > 0 {
		t.notes = append(t.notes, fmt.Sprintf("%s stopped before the first check of attention; the votes count.", fold.Count(unchecked, "voter")))
	}
	for _, v := range votes {
		if slices.Contains(t.voters, v.Voter) {
			t.votes = append(t.votes, v)
			t.methods = append(t.methods, v.Left, v.Right)
		}
	}
	slices.Sort(t.methods)
	if t.methods = slices.Compact(t.methods); len(t.votes) == 0 {
		return t, fmt.Errorf("%s: no vote counts: %s", o.votes, strings.Join(t.notes, " "))
	}
	left := fmt.Sprintf("%s of %s on %s; study %s.", fold.Count(len(t.votes), "pair"), fold.Count(len(t.voters), "voter"), fold.Count(t.captions(), "caption"), t.votes[0].Study)
	t.notes = slices.Insert(t.notes, 0, left)
	return t, nil
}

func (t tally) captions() int {
	seen := map[string]bool{}
	for _, v := range t.votes {
		seen[v.Caption] = true
	}
	return len(seen)
}

// questions are the answers in numbers: which looks better, and which fits the caption.
func (t tally) questions() (looks, fits []preference.Vote, over string) {
	clusters := map[string]int{}
	of := func(v vote) string { return v.Voter }
	if over = "voters"; len(t.voters) < fewVoters {
		over, of = "captions", func(v vote) string { return v.Caption }
	}
	for _, v := range t.votes {
		if _, known := clusters[of(v)]; !known {
			clusters[of(v)] = len(clusters)
		}
		a, b := slices.Index(t.methods, v.Left), slices.Index(t.methods, v.Right)
		number := func(answer string) preference.Vote {
			return preference.Vote{A: a, B: b, Score: map[string]float64{left: 1, none: .5}[answer], Cluster: clusters[of(v)]}
		}
		looks, fits = append(looks, number(v.Looks)), append(fits, number(v.Fits))
	}
	return looks, fits, over
}
