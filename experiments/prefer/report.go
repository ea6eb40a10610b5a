package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/preference"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/report"
)

const (
	eloOrders  = 1000 // as in ADD
	resamples  = 2000
	confidence = .95
)

// rate prints and writes the tables of a file of votes.
func (o options) rate(stdout, stderr io.Writer) error {
	all, notes, err := readVotes(o.votes)
	if err != nil {
		return fmt.Errorf("%w: want the file of votes that `go run ./experiments/prefer METHOD METHOD` writes", err)
	}
	for _, note := range notes {
		fmt.Fprintln(stderr, "prefer:", note)
	}
	t, err := o.tally(all)
	if err != nil {
		return err
	}
	ratings, pairs, err := t.tables()
	if err != nil {
		return err
	}
	for i, table := range []report.Table{ratings, pairs} {
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		if err := table.Plain(stdout); err != nil {
			return err
		}
	}
	out := o.out
	if out == "" {
		out = filepath.Dir(o.votes)
	}
	for name, table := range map[string]report.Table{"ratings": ratings, "pairs": pairs} {
		if _, err := report.WriteNamed(out, name, table); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(stdout, "\nwrote ratings and pairs (.md, .csv, .json, .tex, .txt, .png) to %s\n", out)
	return err
}

// tables are the ratings of methods, best first, and the shares of pairs.
func (t tally) tables() (ratings, pairs report.Table, err error) {
	looks, fits, over := t.questions()
	questions := [][]preference.Vote{looks, fits}
	r := rng.New(0, "prefer/report", 0)
	fit, err := preference.NewFit(len(t.methods), questions, confidence, resamples, r)
	if err != nil {
		return ratings, pairs, err
	}
	ratings = report.Table{
		Title: "People's preferences", Ref: "ADD, user studies", RowNoun: "method", Confidence: confidence,
		Question: "Which pictures do people prefer, by looks and by how they fit the caption?",
		Metrics: []report.Metric{
			{Key: "rating", Name: "rating", Better: report.Higher, Main: true, Plot: true, About: "Bradley–Terry by maximum likelihood in points of Elo, 1000 for the mean method, the mean of both questions"},
			{Key: "looks", Name: "looks", Better: report.Higher, Main: true, Plot: true, About: "the rating by which picture looks better"},
			{Key: "fits", Name: "caption", Better: report.Higher, Main: true, Plot: true, About: "the rating by which picture fits the caption"},
			{Key: "elo", Name: "Elo", Better: report.Higher, Digits: 1, Main: true, About: "as in the paper: R₀ = 1000, K = 1, the mean of both questions and of 1,000 orders of the votes; compares methods of this study only, for it grows with the number of votes"},
			{Key: "pairs", Name: "pairs", Main: true, Whole: true, About: "votes on the method"},
			{Key: "elo-looks", Name: "Elo by looks", Better: report.Higher, Digits: 1},
			{Key: "elo-fits", Name: "Elo by caption", Better: report.Higher, Digits: 1},
		},
		Notes: t.notes,
	}
	for m, name := range t.methods {
		row := report.Row{Name: name, Values: map[string]eval.Estimate{}}
		if !fit.Mean[m].Known() {
			row.Note = unrated(m, questions)
		}
		for key, e := range map[string]eval.Estimate{"rating": fit.Mean[m], "looks": fit.Questions[0][m], "fits": fit.Questions[1][m]} {
			if e.Known() {
				row.Values[key] = e
			}
		}
		n := 0
		for _, v := range looks {
			if v.A == m || v.B == m {
				n++
			}
		}
		row.Values["pairs"] = eval.Alone(float64(n), n)
		ratings.Rows = append(ratings.Rows, row)
	}
	order := 0.
	for q, votes := range questions {
		mean, deviation, err := preference.EloOverOrders(len(t.methods), votes, eloOrders, r)
		if err != nil {
			return ratings, pairs, err
		}
		order = max(order, slices.Max(deviation))
		for m, elo := range mean {
			values, n := ratings.Rows[m].Values, len(t.votes)
			values[[]string{"elo-looks", "elo-fits"}[q]] = eval.Alone(elo, n)
			values["elo"] = eval.Alone(values["elo"].Mean+elo/2, n)
		}
	}
	ratings.Notes = append(ratings.Notes, t.about(fit, over, order)...)
	slices.SortStableFunc(ratings.Rows, func(a, b report.Row) int {
		return cmp.Or(cmp.Compare(place(b), place(a)), cmp.Compare(b.Values["rating"].Mean, a.Values["rating"].Mean), cmp.Compare(b.Values["elo"].Mean, a.Values["elo"].Mean))
	})
	pairs, err = t.pairs(questions, over)
	return ratings, pairs, err
}
