package sweep

import (
	"cmp"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
)

// overCalls plots quality over what a picture costs. It has no curves where no cells of the axis are joined.
func (p *Plan) overCalls(axis ablations.Axis, results Results) plot.Curves {
	type point struct {
		calls int
		fid   float64
	}
	var names []string
	table, points := p.Table(axis, results), map[string][]point{}
	add := func(curve string, hashes []string, row report.Row) {
		job, planned := Job{}, false
		if len(hashes) > 0 {
			job, planned = p.job(hashes[0])
		}
		if curve == "" || !planned || !row.Values[ablations.FID].Known() {
			return
		}
		if !slices.Contains(names, curve) {
			names = append(names, curve)
		}
		points[curve] = append(points[curve], point{job.calls() / job.Evaluation.Setup.Images, row.Values[ablations.FID].Mean})
	}
	for i, cell := range axis.Cells {
		add(cell.Curve, p.hashes(axis, cell), table.Rows[i])
	}
	if len(names) == 0 {
		return plot.Curves{}
	}
	for i, r := range p.referencesOf(axis) {
		if r.subject == Teacher && r.net == "" {
			add("teacher's solver", r.hashes, table.References[i])
		}
	}
	c := plot.Curves{
		Title: axis.Title, XLabel: "calls of the network for a picture, which take about equally long", YLabel: "FID, mean over seeds",
		LogX: true, LogY: true, Dots: true,
	}
	for _, name := range names {
		slices.SortFunc(points[name], func(a, b point) int { return cmp.Compare(a.calls, b.calls) })
		curve := plot.Curve{Name: name}
		for _, at := range points[name] {
			curve.Steps, curve.Values = append(curve.Steps, at.calls), append(curve.Values, at.fid)
		}
		c.Curves = append(c.Curves, curve)
	}
	return c
}
