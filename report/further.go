package report

import (
	"fmt"
	"slices"
)

// further are the columns that the page has beside those of the printed table; only those that say something about rows.
func (t Table) further(first string, rows []Row, times Times) []column {
	estimate := func(m FurtherMetric) func(Row) (string, string) {
		return func(r Row) (string, string) {
			e := *m.Of(&r)
			mean, tail := e.format(3)
			if fewer(e, r) {
				tail += fmt.Sprintf(" (n = %d)", e.N)
			}
			if p, ok := r.PFurther[m.Key]; ok {
				tail += ", " + FormatP(p)
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
	for _, m := range FurtherMetrics {
		if m.name == "" {
			add(func(r Row) bool { return r.pOf(m) != nil }, column{name: "p (" + m.Key + ")", numeric: true, cell: p(func(r Row) *float64 { return r.pOf(m) })})
			continue
		}
		add(func(r Row) bool { return m.Of(&r).Known() }, column{name: m.name, arrow: m.sign, numeric: true, cell: estimate(m)})
	}
	add(func(r Row) bool { return times.of(r.Name).Train.Known() }, column{name: "training, s", numeric: true, cell: func(r Row) (string, string) {
		return times.of(r.Name).Train.format(0)
	}})
	add(func(r Row) bool { return times.of(r.Name).Image.Known() }, column{name: "ms per image", numeric: true, cell: func(r Row) (string, string) {
		return times.of(r.Name).Image.format(2)
	}})
	return cols
}

// FurtherMetric is a number beside FID and CLIP score that a row may hold.
type FurtherMetric struct {
	Key  string // in table.json and table.csv
	Of   func(*Row) *Estimate
	name string // on the page; "" for one that the printed table has
	sign string // "↑" where higher is better, "↓" where lower is
}

// FurtherMetrics lists them in the order in which they are shown.
var FurtherMetrics = []FurtherMetric{
	{"align", func(r *Row) *Estimate { return &r.Align }, "", "↑"},
	{"align_novel", func(r *Row) *Estimate { return &r.Novel }, "align, novel", "↑"},
	{"precision", func(r *Row) *Estimate { return &r.Precision }, "precision", "↑"},
	{"recall", func(r *Row) *Estimate { return &r.Recall }, "recall", "↑"},
	{"density", func(r *Row) *Estimate { return &r.Density }, "density", "↑"},
	{"coverage", func(r *Row) *Estimate { return &r.Coverage }, "coverage", "↑"},
	{"imbalance", func(r *Row) *Estimate { return &r.Imbalance }, "imbalance", "↓"},
}

// pOf is nil where the row was not compared.
func (r Row) pOf(m FurtherMetric) *float64 {
	if p, ok := r.PFurther[m.Key]; ok {
		return &p
	}
	return nil
}

// fewer tells whether some seeds that have an FID lack another metric, as measurements of an older program do.
func fewer(e Estimate, r Row) bool { return e.Known() && e.N < r.FID.N }

// furtherLegend explains the columns of further.
func furtherLegend(rows []Row) string {
	s := ""
	if slices.ContainsFunc(rows, func(r Row) bool { return r.PFID != nil || r.PCLIP != nil || len(r.PFurther) > 0 }) {
		s += "p: against the default cell, Welch's test over seeds, not corrected for the number of cells; cells that share a letter do not differ at 5 %. "
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Novel.Known() }) {
		s += "align, novel: on pairs of shape and colour that training never saw. "
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Imbalance.Known() }) {
		s += "imbalance: how far what captions leave open, such as a background, is spread otherwise than in real pictures, from 0 to 1. "
	}
	if slices.ContainsFunc(rows, func(r Row) bool {
		for _, m := range FurtherMetrics {
			if fewer(*m.Of(&r), r) {
				return true
			}
		}
		return false
	}) {
		s += "n: a mean over fewer seeds than the FID, since older measurements lack the number; rows of different n do not compare. "
	}
	return s
}
