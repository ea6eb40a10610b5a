package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// FurtherMarkdown writes what the printed table leaves out, for documents.
func (t Table) FurtherMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("## " + escapeMarkdown(oneLine(t.heading())) + ": further numbers\n\n")
	rows := t.all()
	if cols := t.further("row", rows, Times{}); len(cols) > 1 {
		markdownBlock(&b, cols, rows)
		b.WriteString(escapeMarkdown(strings.TrimSpace(furtherLegend(rows))) + "\n")
	} else {
		b.WriteString("None was measured.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// further are the columns that the page and further.md have beside those of the printed table; only those that say something about rows.
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
	cols := significance(first, rows)
	add := func(any func(Row) bool, c column) {
		if slices.ContainsFunc(rows, any) {
			cols = append(cols, c)
		}
	}
	for _, m := range FurtherMetrics {
		if m.name == "" {
			add(func(r Row) bool { return r.pOf(m) != nil }, column{name: "p (" + m.Key + ")", numeric: true, cell: cellP(func(r Row) *float64 { return r.pOf(m) })})
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
	if on := machines(rows); len(on) > 1 || strings.Contains(strings.Join(on, ""), "(") {
		cols = append(cols, column{name: "trained on", cell: func(r Row) (string, string) { return "", orMissing(r.Machines) }})
	}
	return cols
}

// machines are those of the rows, each text once.
func machines(rows []Row) (list []string) {
	for _, r := range rows {
		if r.Machines != "" && !slices.Contains(list, r.Machines) {
			list = append(list, r.Machines)
		}
	}
	return list
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
		s += significanceLegend
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
