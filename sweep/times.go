package sweep

import (
	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/report"
)

// Times says how long the rows of an axis took.
func (p *Plan) Times(axis ablations.Axis, results Results) report.Times {
	t := report.Times{Axis: axis.Name}
	add := func(name string, outcomes []Outcome) {
		var train, image []report.Estimate
		number := func(x float64) report.Estimate { return report.Estimate{Mean: x, Low: x, High: x, N: 1} }
		for _, o := range outcomes {
			if o.TrainSeconds > 0 {
				train = append(train, number(o.TrainSeconds))
			}
			if o.MillisPerImage > 0 {
				image = append(image, number(o.MillisPerImage))
			}
		}
		t.Rows = append(t.Rows, report.TimeRow{Name: name, Train: overSeeds(train), Image: overSeeds(image)})
	}
	for _, cell := range axis.Cells {
		add(cell.Name, p.outcomes(axis, cell, results))
	}
	for _, r := range p.references {
		if r.of(axis) {
			add(r.name, r.outcomes(results))
		}
	}
	return t
}
