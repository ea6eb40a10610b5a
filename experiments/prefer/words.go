package main

import (
	"fmt"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/preference"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/report"
)

// place puts a method that won all above the rated ones, and others without a rating below.
func place(r report.Row) int {
	switch {
	case r.Note == "":
		return 1
	case strings.HasPrefix(r.Note, "won every vote"):
		return 2
	}
	return 0
}

// unrated says why a method has no rating.
func unrated(m int, questions [][]preference.Vote) string {
	var won, lost []string
	for q, votes := range questions {
		gains, losses := 0., 0.
		for _, v := range votes {
			switch m {
			case v.A:
				gains, losses = gains+v.Score, losses+1-v.Score
			case v.B:
				gains, losses = gains+1-v.Score, losses+v.Score
			}
		}
		name := []string{"looks", "the caption"}[q]
		if losses == 0 {
			won = append(won, name)
		}
		if gains == 0 {
			lost = append(lost, name)
		}
	}
	switch text := "every vote on %s: no finite rating"; {
	case len(won) > 0 && len(lost) == 0:
		return fmt.Sprintf("won "+text, strings.Join(won, " and "))
	case len(lost) > 0 && len(won) == 0:
		return fmt.Sprintf("lost "+text, strings.Join(lost, " and "))
	}
	return "not rated: chains of wins do not lead from it to the rated methods and back"
}

// about says how the numbers were made and what they bear.
func (t tally) about(fit preference.Fit, over string, order float64) (notes []string) {
	switch {
	case len(fit.Group) < 2 || fit.Lost > (1-confidence)/2: // no intervals
	case over == "voters":
		notes = append(notes, fmt.Sprintf("Intervals come from a bootstrap over %d voters.", len(t.voters)))
	default:
		notes = append(notes, fmt.Sprintf("Intervals come from a bootstrap over %d captions, for there are fewer than %d voters: they hold for these voters, not for others.", t.captions(), fewVoters))
	}
	switch {
	case len(fit.Group) < 2:
		notes = append(notes, "No method has a finite rating: see the shares of the pairs.")
	case fit.Lost > (1-confidence)/2:
		notes = append(notes, fmt.Sprintf("Too few votes for intervals of the ratings: in %.0f %% of the resamples a method won or lost all.", 100*fit.Lost))
	}
	neither, lefts, answers := 0, 0, 0
	for _, v := range t.votes {
		for _, answer := range []string{v.Looks, v.Fits} {
			answers++
			switch answer {
			case none:
				neither++
			case left:
				lefts++
			}
		}
	}
	if neither > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d answers are \"cannot say\"; each is half a win for both methods.", neither, answers))
	}
	if decided := answers - neither; decided > 0 {
		notes = append(notes, fmt.Sprintf("The left picture was preferred in %.0f %% of the other answers; sides are drawn by lot.", 100*float64(lefts)/float64(decided)))
	}
	return append(notes, fmt.Sprintf("Elo's standard deviation over orders is at most %.1f points. It says how much the order matters; it is no error of the rating.", order))
}

// pairs is a table of how often one method is preferred to another, in per cent of the answers that prefer one.
func (t tally) pairs(questions [][]preference.Vote, over string) (table report.Table, err error) {
	table = report.Table{
		Title: "Pair by pair", RowNoun: "pair", Confidence: confidence,
		Metrics: []report.Metric{
			{Key: "looks", Name: "looks, %", Better: report.Higher, Main: true, Plot: true, About: "answers for the first method, of those that prefer one, by which picture looks better"},
			{Key: "fits", Name: "caption, %", Better: report.Higher, Main: true, Plot: true, About: "the same by which picture fits the caption"},
			{Key: "pairs", Name: "pairs", Main: true, Whole: true, About: "votes on the two methods"},
		},
		Notes: []string{"An interval is the wider of Wilson's and a bootstrap's over " + over + "."},
	}
	rows := map[[2]int]*report.Row{}
	var order [][2]int
	for q, votes := range questions {
		shares, err := preference.Shares(len(t.methods), votes, confidence, resamples, rng.New(0, "prefer/shares", q))
		if err != nil {
			return table, err
		}
		for _, s := range shares {
			at := [2]int{s.A, s.B}
			if rows[at] == nil {
				rows[at] = &report.Row{Name: t.methods[s.A] + " over " + t.methods[s.B], Values: map[string]eval.Estimate{}}
				order = append(order, at)
			}
			values, n := rows[at].Values, s.Won+s.Lost+s.Neither
			values["pairs"] = eval.Alone(float64(n), n)
			if e := s.Preferred; e.Known() {
				values[[]string{"looks", "fits"}[q]] = eval.Estimate{Mean: 100 * e.Mean, Low: 100 * e.Low, High: 100 * e.High, N: e.N}
			}
		}
	}
	for _, at := range order {
		table.Rows = append(table.Rows, *rows[at])
	}
	if len(table.Rows) == 1 { // such a table is turned, and has no room for the name
		r := table.Rows[0]
		table.Title = fmt.Sprintf("%s, in %.0f pairs", r.Name, r.Values["pairs"].Mean)
	}
	return table, nil
}
