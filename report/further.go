package report

import (
	"fmt"
	"slices"
)

// further are the columns that the page has beside those of the printed table; only those that say something about rows.
func (t Table) further(first string, rows []Row, times Times) []column {
	estimate := func(of func(Row) Estimate) func(Row) (string, string) {
		return func(r Row) (string, string) {
			mean, tail := of(r).format(3)
			if fewer(of(r), r) {
				tail += fmt.Sprintf(" (n = %d)", of(r).N)
			}
			return mean, tail
		}
	}
	p := func(of func(Row) *float64) func(Row) (string, string) {
		return func(r Row) (string, string) {
			v := of(r)
			if v == nil {
				return missing, ""
			}
			return shortP(*v), ""
		}
	}
	text := func(of func(Row) string) func(Row) (string, string) {
		return func(r Row) (string, string) { return "", of(r) }
	}
	cols := []column{{name: first, cell: text(func(r Row) string { return r.Name })}}
	add := func(any func(Row) bool, c column) {
		if slices.ContainsFunc(rows, any) {
			cols = append(cols, c)
		}
	}
	add(func(r Row) bool { return r.PFID != nil }, column{name: "p (FID)", numeric: true, cell: p(func(r Row) *float64 { return r.PFID })})
	add(func(r Row) bool { return r.GroupFID != "" }, column{name: "ties (FID)", cell: text(func(r Row) string { return r.GroupFID })})
	add(func(r Row) bool { return r.PCLIP != nil }, column{name: "p (CLIP)", numeric: true, cell: p(func(r Row) *float64 { return r.PCLIP })})
	add(func(r Row) bool { return r.GroupCLIP != "" }, column{name: "ties (CLIP)", cell: text(func(r Row) string { return r.GroupCLIP })})
	for _, c := range furtherMetrics {
		add(func(r Row) bool { return c.of(r).Known() }, column{name: c.name, arrow: c.arrow, numeric: true, cell: estimate(c.of)})
	}
	add(func(r Row) bool { return times.of(r.Name).Train.Known() }, column{name: "training, s", numeric: true, cell: func(r Row) (string, string) {
		return times.of(r.Name).Train.format(0)
	}})
	add(func(r Row) bool { return times.of(r.Name).Image.Known() }, column{name: "ms per image", numeric: true, cell: func(r Row) (string, string) {
		return times.of(r.Name).Image.format(2)
	}})
	return cols
}

var furtherMetrics = []struct {
	name, arrow string
	of          func(Row) Estimate
}{
	{"align, novel", "↑", func(r Row) Estimate { return r.Novel }},
	{"precision", "↑", func(r Row) Estimate { return r.Precision }}, {"recall", "↑", func(r Row) Estimate { return r.Recall }},
	{"density", "↑", func(r Row) Estimate { return r.Density }}, {"coverage", "↑", func(r Row) Estimate { return r.Coverage }},
	{"imbalance", "↓", func(r Row) Estimate { return r.Imbalance }},
}

// fewer tells whether some seeds that have an FID lack another metric, as measurements of an older program do.
func fewer(e Estimate, r Row) bool { return e.Known() && e.N < r.FID.N }

// furtherLegend explains the columns of further.
func furtherLegend(rows []Row) string {
	s := ""
	if slices.ContainsFunc(rows, func(r Row) bool { return r.PFID != nil || r.PCLIP != nil }) {
		s += "p: against the default cell, Welch's test over seeds, not corrected for the number of cells; cells that share a letter do not differ at 5 %. "
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Novel.Known() }) {
		s += "align, novel: on pairs of shape and colour that training never saw. "
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Imbalance.Known() }) {
		s += "imbalance: how far what captions leave open, such as a background, is spread otherwise than in real pictures, from 0 to 1. "
	}
	if slices.ContainsFunc(rows, func(r Row) bool {
		for _, m := range furtherMetrics {
			if fewer(m.of(r), r) {
				return true
			}
		}
		return false
	}) {
		s += "n: a mean over fewer seeds than the FID, since older measurements lack the number; rows of different n do not compare. "
	}
	return s
}
