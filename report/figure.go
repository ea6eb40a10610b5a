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

// PNG draws metrics.png.
func (t Table) PNG(w io.Writer) error { return t.Dots().PNG(w) }

// Dots is one line per cell through dot plots of the metrics that are plotted, ours with 95 % intervals and, on axes of their own, the
// paper's.
func (t Table) Dots() plot.Dots {
	d := plot.Dots{Title: t.heading(), Verdicts: [2]string{"as in the paper", "against " + t.compared()}, Provenance: t.provenance()}
	d.Lead = join("  –  ", fold.OneLine(t.Question), t.subtitle(), t.commonSize())
	if t.any(hasPaper) {
		d.Foot = "Our numbers and the paper's differ in data, networks and number of images: compare the order of the cells, not the values."
	}
	for i, r := range t.all() {
		row := plot.DotRow{Name: r.Name, Size: rowSize(r), Verdict: r.Verdict, Default: r.Default}
		if row.Size == t.commonSize() {
			row.Size = ""
		}
		if i < len(t.Rows) {
			d.Rows = append(d.Rows, row)
		} else {
			d.References = append(d.References, row)
		}
	}
	d.Panels = append(t.panels("ours", false), t.panels("", true)...)
	return d
}

// panels are those of our numbers or of the paper's, leaving out what nobody measured.
func (t Table) panels(source string, published bool) (panels []plot.DotPanel) {
	source = join(", ", source, t.Data, named("scale", t.Scale))
	if published {
		source = "paper, its own scale"
	}
	for _, m := range t.Metrics {
		if !m.Plot {
			continue
		}
		pn := plot.DotPanel{Head: strings.TrimSpace(m.Name + " " + m.arrow()), Sub: source, Published: published, Ratios: m.Ratio}
		for i, r := range t.all() {
			e, digits := r.Values[m.Key], t.digitsOf(m)
			if published {
				e, digits = eval.Estimate{}, t.digitsOfPaper(m)
				if v, ok := r.Paper[m.Key]; ok {
					e = eval.Alone(v, 1)
				}
			}
			mean, tail := format(e, digits)
			label := mean + tail
			switch {
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

// Versus sets the cells of several tables beside the paper's, each as ratio to the cell that its table compares with: the values themselves
// stand on different scales.
func Versus(title string, tables []Table) plot.Dots {
	d := plot.Dots{Title: title, Verdicts: [2]string{"as in the paper", ""}, Lead: "Ratios to the default cell"}
	var metrics []Metric
	for _, t := range tables {
		for _, m := range t.Metrics {
			published := func(r Row) bool { _, ok := r.Paper[m.Key]; return ok }
			if m.Plot && t.any(published) && !slices.ContainsFunc(metrics, func(o Metric) bool { return o.Key == m.Key }) {
				metrics = append(metrics, m)
			}
		}
	}
	for _, m := range metrics {
		head := strings.TrimSpace(m.Name + " " + m.arrow())
		d.Panels = append(d.Panels,
			plot.DotPanel{Head: head, Sub: "here, ratio", Ratios: m.Ratio}, plot.DotPanel{Head: head, Sub: "paper, ratio", Ratios: m.Ratio, Published: true})
	}
	for _, t := range tables {
		base := slices.IndexFunc(t.Rows, t.ComparesWith)
		if base < 0 || !t.Rows[base].measuredAndPublished(metrics) {
			continue
		}
		before := len(d.Rows)
		for _, r := range t.Rows {
			if t.ComparesWith(r) || !r.measuredAndPublished(metrics) {
				continue
			}
			d.Rows = append(d.Rows, plot.DotRow{Name: t.Axis + ": " + r.Name, Verdict: r.Verdict})
			for i, m := range metrics {
				for k, ratio := range []float64{r.Values[m.Key].Mean / t.Rows[base].Values[m.Key].Mean, r.Paper[m.Key] / t.Rows[base].Paper[m.Key]} {
					pn := &d.Panels[2*i+k]
					pn.Values, pn.Labels = append(pn.Values, eval.Alone(ratio, 1)), append(pn.Labels, formatNumber(ratio, 2))
				}
			}
		}
		if len(d.Rows) > before && t.Against != "" {
			d.Lead += fmt.Sprintf("; in %s to %s", fold.OneLine(t.Axis), t.compared())
		}
	}
	return d
}

func (r Row) measuredAndPublished(metrics []Metric) bool {
	return !slices.ContainsFunc(metrics, func(m Metric) bool { _, ok := r.Paper[m.Key]; return !ok || !r.Values[m.Key].Known() })
}
