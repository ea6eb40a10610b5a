package sweep

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

const confidence = 0.95

// collapsedShare is the precision or recall below which a row has collapsed: no picture is like a real one, or all are like a few. Its
// numbers are finite; a row without numbers has diverged.
const collapsedShare = 0.05

// Table puts the results of an axis side by side, with the references below. A cell without results has an empty row.
func (p *Plan) Table(axis ablations.Axis, results Results) report.Table {
	t := report.Table{
		Axis: axis.Name, Title: axis.Title, Ref: axis.Ref, Question: axis.Question, Against: axis.Against, Data: p.Data, Scale: p.Scale, Changed: p.changed, Recipe: Recipe,
		Metrics: columns(metrics),
	}
	for _, cell := range axis.Cells {
		row := newRow(cell.Name, metrics, p.outcomes(axis, cell, results))
		row.Default, row.Paper = cell.Default, cell.Paper
		t.Rows = append(t.Rows, row)
	}
	for _, r := range p.referencesOf(axis) {
		t.References = append(t.References, r.row(metrics, results))
	}
	p.noteGuidance(axis, &t)
	compareRows(&t, axis.Claims)
	t.Metrics = slices.DeleteFunc(t.Metrics, func(m report.Metric) bool {
		known := func(r report.Row) bool { return r.Values[m.Key].Known() }
		return (strings.HasPrefix(m.Key, drawingPrefix) || m.Key == ablations.CLIP) && !slices.ContainsFunc(t.Rows, known) && !slices.ContainsFunc(t.References, known)
	})
	for _, c := range axis.Claims {
		if slices.ContainsFunc(t.Metrics, func(m report.Metric) bool { return m.Key == c.Metric }) {
			t.Verdicts = append(t.Verdicts, judge(c, t))
		}
	}
	t.Engine, t.Machines, t.Commit = provenance(p.allOutcomes(axis, results))
	t.Notes = p.notes(t)
	return t
}

// Times says how long the rows of an axis took.
func (p *Plan) Times(axis ablations.Axis, results Results) report.Table {
	t := report.Table{Axis: axis.Name, Title: axis.Title + ": times", Metrics: columns(times)}
	for _, cell := range axis.Cells {
		t.Rows = append(t.Rows, newRow(cell.Name, times, p.outcomes(axis, cell, results)))
	}
	for _, r := range p.referencesOf(axis) {
		t.References = append(t.References, r.row(times, results))
	}
	for _, rows := range [][]report.Row{t.Rows, t.References} {
		for i := range rows {
			rows[i].BySeed = nil
		}
	}
	return t
}

// row is a reference's, over seeds where something was trained.
func (r reference) row(list []metric, results Results) report.Row {
	row := newRow(r.name, list, results.of(r.hashes...))
	if r.subject != Student && !row.AllDiverged() {
		row.Seeds, row.BySeed = 0, nil // nothing was trained here
	}
	return row
}

// noteGuidance says which cells follow the teacher at another guidance than the cell that they are compared with: their numbers differ by
// that too.
func (p *Plan) noteGuidance(axis ablations.Axis, t *report.Table) {
	base := slices.IndexFunc(t.Rows, t.ComparesWith)
	if base < 0 || len(p.Seeds) == 0 {
		return
	}
	guidance := func(cell string) float64 {
		if job, ok := p.Job(axis.Name, cell, p.Seeds[0]); ok && job.Train != nil {
			return job.Train.Distill.TeacherGuidance
		}
		return 0
	}
	name := t.Rows[base].Name
	for i, r := range t.Rows {
		if mine, its := guidance(r.Name), guidance(name); mine != its {
			t.Rows[i].Note = join(r.Note, fmt.Sprintf("teacher guidance %g, of %s %g", mine, name, its))
		}
	}
}

func (p *Plan) outcomes(axis ablations.Axis, cell ablations.Cell, results Results) []Outcome {
	return results.of(p.hashes(axis, cell)...)
}

func (p *Plan) allOutcomes(axis ablations.Axis, results Results) (found []Outcome) {
	for _, cell := range axis.Cells {
		found = append(found, p.outcomes(axis, cell, results)...)
	}
	return found
}

// newRow averages over seeds. What diverged has no numbers: it counts as a seed that was tried.
func newRow(name string, list []metric, outcomes []Outcome) report.Row {
	row := report.Row{Name: name, Seeds: len(outcomes), Machines: machinesOf(outcomes)}
	estimates := map[string][]eval.Estimate{}
	for _, o := range outcomes {
		if o.Diverged != "" {
			row.Note = o.Diverged
			row.Diverged++
			continue
		}
		row.Images = o.Images
		seed := report.Seed{Seed: o.Seed, Values: map[string]float64{}, Run: o.Evaluation.Run, Evaluation: o.Hash}
		for _, m := range list {
			if e := m.of(o); e.Known() {
				estimates[m.Key], seed.Values[m.Key] = append(estimates[m.Key], e), e.Mean
			}
		}
		row.BySeed = append(row.BySeed, seed)
	}
	for key, x := range estimates {
		if row.Values == nil {
			row.Values = map[string]eval.Estimate{}
		}
		row.Values[key] = overSeeds(x)
	}
	if row.SomeDiverged() {
		row.Note = fmt.Sprintf("%d of %d seeds diverged (%s)", row.Diverged, row.Seeds, row.Note)
	}
	if p, r := row.Values["precision"], row.Values["recall"]; p.Known() && r.Known() && min(p.Mean, r.Mean) < collapsedShare {
		row.Note = join(row.Note, fmt.Sprintf("collapsed: precision %.2f, recall %.2f", p.Mean, r.Mean))
	}
	return row
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// identical reports whether two cells that were trained differently have the same values, seed by seed.
func identical(a, b report.Row) bool {
	return len(a.BySeed) > 0 && slices.EqualFunc(a.BySeed, b.BySeed, func(x, y report.Seed) bool {
		return x.Seed == y.Seed && x.Run != y.Run && len(x.Values) > 0 && maps.Equal(x.Values, y.Values)
	})
}

func (p *Plan) notes(t report.Table) (notes []string) {
	if p.Scale == "smoke" {
		notes = append(notes, "Scale smoke shows that everything runs. Its students have hardly trained: the numbers mean nothing.")
	}
	all := seedsOf(t.Rows)
	several := slices.DeleteFunc(slices.Clone(all), func(seeds []int64) bool { return len(seeds) == 1 })
	switch {
	case len(all) == 0:
	case len(several) == 0:
		notes = append(notes, "One seed: intervals are over pictures (FID by jackknife, others by standard error). They leave out how seeds differ. More seeds: --seeds 4.")
	default:
		byLength := func(a, b []int64) int { return len(a) - len(b) }
		fewest, most := len(slices.MinFunc(several, byLength)), len(slices.MaxFunc(several, byLength))
		count := strconv.Itoa(most) + " seeds"
		if fewest < most {
			count = fmt.Sprintf("%d to %d seeds", fewest, most)
		} else if !slices.ContainsFunc(several, func(seeds []int64) bool { return !slices.Equal(seeds, several[0]) }) {
			count += " (" + formatSeeds(several[0]) + ")"
		}
		notes = append(notes, "Intervals of cells are Student's t over "+count+"; those of real pictures and teacher are over pictures.")
		if len(several) < len(all) {
			notes = append(notes, "The interval of a cell with one seed is over its pictures. It does not compare with the others.")
		}
	}
	for i, r := range t.Rows {
		if j := slices.IndexFunc(t.Rows[:i], func(before report.Row) bool { return identical(before, r) }); j >= 0 {
			notes = append(notes, fmt.Sprintf("%s and %s have identical results: the change made no difference here.", t.Rows[j].Name, r.Name))
		}
	}
	if strings.Contains(t.Machines, ";") {
		notes = append(notes, "Seeds were trained on several kinds of machine ("+t.Machines+"), on which the same seed gives different numbers.")
	}
	if note := p.scoredBy(); note != "" {
		notes = append(notes, note)
	}
	if t.Changed != "" {
		notes = append(notes, "Not the preset of the scale: "+t.Changed+".")
	}
	return notes
}

// scoredBy names the networks that score students of a published model.
func (p *Plan) scoredBy() string {
	for _, job := range p.Jobs {
		w := job.Evaluation.Weights
		switch {
		case w[FeaturesRole] == "":
		case w[CaptionsRole] == "":
			return "FID, precision and recall are of features of " + w[FeaturesRole] + "; captions were not scored, --clip names a network for that."
		default:
			return "FID, precision and recall are of features of " + w[FeaturesRole] + ", the CLIP score is by " + w[CaptionsRole] + "."
		}
	}
	return ""
}
