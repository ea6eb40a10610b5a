package sweep

import (
	"fmt"
	"math"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

const confidence = 0.95

// collapsedShare is the precision or recall below which a row is called collapsed though its numbers are finite: no picture is like a
// real one, or all of them are like a few.
const collapsedShare = 0.05

// Table puts the results of an axis side by side, with the references below. A cell without results has an empty row.
func (p *Plan) Table(axis ablations.Axis, results Results) report.Table {
	t := report.Table{Axis: axis.Name, Title: axis.Title, Ref: axis.Ref, Question: axis.Question, Against: axis.Against, Data: p.Data, Scale: p.Scale, Changed: p.changed, Recipe: Recipe}
	against := report.Row{}
	for _, cell := range axis.Cells {
		row := newRow(cell.Name, p.outcomes(axis, cell, results))
		row.Default, row.Paper = cell.Default, cell.Paper
		if cell.Name == axis.Against || cell.Default && axis.Against == "" {
			against = row
		}
		t.Rows = append(t.Rows, row)
	}
	for i, row := range t.Rows {
		if row.Seeds == 0 || against.Seeds == 0 {
			continue
		}
		verdict, note := direction(row, against)
		t.Rows[i].Direction, t.Rows[i].Note = verdict, join(row.Note, note)
	}
	compareRows(t.Rows)
	compareFurther(t.Rows)
	for _, r := range p.references {
		if !r.of(axis) {
			continue
		}
		found := r.outcomes(results)
		row := newRow(r.name, found)
		if r.subject != Student && len(found) > 0 && found[0].Diverged == "" {
			row.Seeds, row.BySeed = 0, nil // nothing was trained here
		}
		t.References = append(t.References, row)
	}
	for _, c := range axis.Claims {
		t.Verdicts = append(t.Verdicts, claim{c}.judge(t.Rows))
	}
	t.Engine, t.Machines, t.Commit = provenance(p.allOutcomes(axis, results))
	t.Notes = p.notes(axis, t)
	return t
}

// outcomes are a reference's results.
func (r reference) outcomes(results Results) (found []Outcome) {
	for _, hash := range r.hashes {
		if o, ok := results[hash]; ok {
			found = append(found, o)
		}
	}
	return found
}

// outcomes are a cell's results by seed.
func (p *Plan) outcomes(axis ablations.Axis, cell ablations.Cell, results Results) (found []Outcome) {
	for _, seed := range p.Seeds {
		if o, ok := results[p.cells[cellKey{axis.Name, cell.Name, seed}]]; ok {
			found = append(found, o)
		}
	}
	return found
}

// allOutcomes are the results behind the cells of an axis.
func (p *Plan) allOutcomes(axis ablations.Axis, results Results) (found []Outcome) {
	for _, cell := range axis.Cells {
		found = append(found, p.outcomes(axis, cell, results)...)
	}
	return found
}

// newRow averages over seeds. What diverged has no numbers: it counts as a seed that was tried.
func newRow(name string, outcomes []Outcome) report.Row {
	row := report.Row{Name: name, Seeds: len(outcomes), Machines: machinesOf(outcomes)}
	var fid, clip []report.Estimate
	further := map[string][]report.Estimate{}
	for _, o := range outcomes {
		if o.Diverged != "" {
			row.Note = o.Diverged
			continue
		}
		row.Images = o.Images
		seed := report.SeedScore{Seed: o.Seed, FID: o.FID, CLIP: o.CLIP, Run: o.Evaluation.Run, Evaluation: o.Hash}
		fid = append(fid, report.Estimate{Mean: o.FID, Low: o.FIDLow, High: o.FIDHigh, N: 1})
		clip = append(clip, around(o.CLIP, o.CLIPStdErr))
		for key, e := range o.further() {
			if seed.Further == nil {
				seed.Further = map[string]float64{}
			}
			further[key], seed.Further[key] = append(further[key], e), e.Mean
		}
		row.BySeed = append(row.BySeed, seed)
	}
	if len(fid) == 0 && len(outcomes) > 0 {
		nan := math.NaN()
		row.FID = report.Estimate{Mean: nan, Low: nan, High: nan}
		return row
	}
	diverged := len(outcomes) - len(fid)
	if diverged > 0 {
		row.Note = fmt.Sprintf("%d of %d seeds diverged (%s)", diverged, len(outcomes), row.Note)
	}
	row.FID, row.CLIP = overSeeds(fid), overSeeds(clip)
	for _, m := range report.FurtherMetrics {
		*m.Of(&row) = overSeeds(further[m.Key])
	}
	if drawsNothing(row) {
		row.Note = join(row.Note, fmt.Sprintf("collapsed: precision %.2f, recall %.2f", row.Precision.Mean, row.Recall.Mean))
	}
	return row
}

// drawsNothing tells whether a row has collapsed though its numbers are finite.
func drawsNothing(r report.Row) bool {
	return r.Precision.Known() && min(r.Precision.Mean, r.Recall.Mean) < collapsedShare
}

// around is a mean over pictures with its 95 % interval; there are always enough of them for a normal quantile.
func around(mean, stdErr float64) report.Estimate {
	const z = 1.959964
	return report.Estimate{Mean: mean, Low: mean - z*stdErr, High: mean + z*stdErr, N: 1}
}

// overSeeds is Student's interval of the mean over seeds; for one seed it is the evaluation's own, over pictures.
func overSeeds(x []report.Estimate) report.Estimate {
	switch len(x) {
	case 0:
		return report.Estimate{}
	case 1:
		return x[0]
	}
	means := make([]float64, len(x))
	for i := range x {
		means[i] = x[i].Mean
	}
	e, err := eval.TInterval(means, confidence)
	if err != nil { // a number that is not finite, which newRow keeps out
		return report.Estimate{Mean: math.NaN(), N: len(x)}
	}
	return report.Estimate{Mean: e.Mean, Low: e.Low, High: e.High, N: e.N}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
