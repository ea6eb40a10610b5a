package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/report/plot"
)

// PNG draws metrics.png: one line per cell through dot plots of the metrics that are plotted, ours with 95 % intervals and, on axes of
// their own, the paper's.
func (t Table) PNG(w io.Writer) error { return t.dots().PNG(w) }

// Small is a table whose plot has fewer pixels: a notebook keeps many.
type Small struct{ Table }

// PNG writes the plot of Table.PNG, drawn smaller.
func (s Small) PNG(w io.Writer) error {
	d := s.dots()
	d.Small = true
	return d.PNG(w)
}

func (t Table) dots() plot.Dots {
	d := plot.Dots{Title: t.heading(), Verdicts: [2]string{"as in the paper", "against " + t.compared()}, Provenance: t.provenance()}
	var lead []string
	for _, s := range []string{t.Question, t.subtitle(), t.commonSize()} {
		if s = fold.OneLine(s); s != "" {
			lead = append(lead, s)
		}
	}
	d.Lead = strings.Join(lead, "  –  ")
	if t.any(hasPaper) {
		d.Foot = "Our numbers and the paper's differ in data, networks and number of images: compare the order of the cells, not the values."
	}
	line := func(r Row) plot.DotRow {
		size := rowSize(r)
		if size == t.commonSize() {
			size = ""
		}
		return plot.DotRow{Name: r.Name, Size: size, Verdict: r.Verdict, Default: r.Default}
	}
	for _, r := range t.Rows {
		d.Rows = append(d.Rows, line(r))
	}
	for _, r := range t.References {
		d.References = append(d.References, line(r))
	}
	d.Panels = append(t.panels("ours", false), t.panels("", true)...)
	return d
}

// panels are those of our numbers or of the paper's, leaving out what nobody measured.
func (t Table) panels(source string, published bool) (panels []plot.DotPanel) {
	for _, s := range []struct{ name, value string }{{"", t.Data}, {"scale ", t.Scale}} {
		if s.value != "" {
			source += ", " + s.name + s.value
		}
	}
	if published {
		source = "paper, its own scale"
	}
	for _, m := range t.Metrics {
		if !m.Plot {
			continue
		}
		pn := plot.DotPanel{Head: strings.TrimSpace(m.Name + " " + m.arrow()), Sub: source, Published: published, Ratios: m.Ratio}
		digits, paperDigits := t.digitsOf(m), t.digitsOfPaper(m)
		for i, r := range t.all() {
			e, label := r.Values[m.Key], ""
			if published {
				e = eval.Estimate{}
				if v, ok := r.Paper[m.Key]; ok {
					e = eval.Alone(v, 1)
				}
				digits = paperDigits
			}
			mean, tail := format(e, digits)
			switch label = mean + tail; {
			case r.AllDiverged() && !published && len(panels) == 0:
				label = diverged
			case published && i >= len(t.Rows):
				label = ""
			}
			pn.Values, pn.Labels = append(pn.Values, e), append(pn.Labels, label)
		}
		if slices.ContainsFunc(pn.Values, eval.Estimate.Known) || !published && len(panels) == 0 {
			panels = append(panels, pn)
		}
	}
	return panels
}

// Versus draws the cells of several tables against the paper's: each as ratio to the cell that its table compares with, since the two
// stand on different scales.
func Versus(title string, tables []Table) plot.Ratios {
	r := plot.Ratios{Title: title}
	var metrics []Metric
	for _, t := range tables {
		for _, m := range t.Metrics {
			if m.Plot && t.any(func(r Row) bool { _, ok := r.Paper[m.Key]; return ok }) && !slices.ContainsFunc(metrics, func(o Metric) bool { return o.Key == m.Key }) {
				metrics = append(metrics, m)
			}
		}
	}
	for _, m := range metrics {
		r.Panels = append(r.Panels, plot.RatioPanel{Across: m.Name + " relative to the default cell, paper", Up: m.Name + " relative to the default cell, here"})
	}
	whole := func(r Row) bool {
		return !slices.ContainsFunc(metrics, func(m Metric) bool { _, ok := r.Paper[m.Key]; return !ok || !r.Values[m.Key].Known() })
	}
	against, group := "", 0
	for _, t := range tables {
		base := slices.IndexFunc(t.Rows, t.ComparesWith)
		if base < 0 || !whole(t.Rows[base]) {
			continue
		}
		before := len(r.Points)
		for _, row := range t.Rows {
			if t.ComparesWith(row) || !whole(row) {
				continue
			}
			p := plot.RatioPoint{Name: t.Axis + ": " + row.Name, Group: group}
			for _, m := range metrics {
				p.Across = append(p.Across, row.Paper[m.Key]/t.Rows[base].Paper[m.Key])
				p.Up = append(p.Up, row.Values[m.Key].Mean/t.Rows[base].Values[m.Key].Mean)
			}
			r.Points = append(r.Points, p)
		}
		if len(r.Points) > before {
			group++
			if t.Against != "" {
				against += fmt.Sprintf("; in %s to %s", fold.OneLine(t.Axis), fold.OneLine(t.Against))
			}
		}
	}
	r.Note = "Ratios to the default cell" + against + ". On the line a cell differs from it as much as the paper's; in the shaded quarters it differs the other way."
	return r
}
