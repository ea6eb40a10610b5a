package sweep

import (
	"fmt"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

// Plan lists what axes and seeds need, each job once.
type Plan struct {
	Scale string
	Data  string // name of the dataset
	Axes  []ablations.Axis
	Seeds []int64
	Jobs  []Job // in order of work

	changed string // fields of all cells that differ from the scale's preset

	cells      map[cellKey]string // hash of the evaluation
	references []reference
}

type cellKey struct {
	axis, cell string
	seed       int64
}

// reference is a row below the cells: one evaluation, or one for each seed.
type reference struct {
	name, subject string
	steps         int
	net           string // variant of the teacher
	axis          string // in whose table it is; "" for all
	hashes        []string
}

func (p *Plan) referencesOf(axis ablations.Axis) []reference {
	return slices.DeleteFunc(slices.Clone(p.references), func(r reference) bool { return r.axis != "" && r.axis != axis.Name })
}

// NewPlan lists the jobs of axes × seeds, seed by seed. The default cell comes first, since all tables need it. References follow
// the cells of the first seed.
func NewPlan(in Inputs, base distill.Config, axes []ablations.Axis, seeds []int64) (*Plan, error) {
	p := &Plan{
		Scale: base.Scale, Data: in.Data.Name(), Axes: axes, Seeds: seeds, cells: map[cellKey]string{},
		references: []reference{
			{name: "real against real (floor)", subject: Real},
			{name: "teacher, 25 steps", subject: Teacher, steps: 25},
			{name: "teacher, 1 step", subject: Teacher, steps: 1},
		},
	}
	if slices.ContainsFunc(axes, ablations.Axis.HasDefault) { // else its student is not trained
		for _, steps := range []int{2, 4} {
			p.references = append(p.references, reference{name: fmt.Sprintf("student (default cell), %d steps", steps), subject: Student, steps: steps})
		}
	}
	for _, axis := range axes {
		for _, steps := range axis.SolverSteps {
			p.references = append(p.references, reference{name: fmt.Sprintf("teacher, %d steps", steps), subject: Teacher, steps: steps, axis: axis.Name})
		}
		for _, net := range axis.Teachers {
			p.references = append(p.references, reference{name: net + ", 25 steps", subject: Teacher, steps: 25, net: net, axis: axis.Name})
		}
		if err := conflict(axis, base); err != nil {
			return nil, err
		}
	}
	var err error
	if p.changed, err = changed(base); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	add := func(j Job, err error) (string, error) {
		if err != nil {
			return "", err
		}
		hash, err := record.Hash(j.Evaluation)
		if err == nil && !seen[hash] {
			j.Hash, seen[hash] = hash, true
			p.Jobs = append(p.Jobs, j)
		}
		return hash, err
	}

	for _, base.Seed = range seeds {
		if err = p.addCells(in, base, add); err != nil {
			return nil, err
		}
		if err = p.addReferences(in, base, add); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Plan) addCells(in Inputs, base distill.Config, add func(Job, error) (string, error)) error {
	for _, wantDefault := range []bool{true, false} {
		for _, axis := range p.Axes {
			for _, cell := range axis.Cells {
				if cell.Default != wantDefault {
					continue
				}
				label := fmt.Sprintf("%s/%s, seed %d", axis.Name, cell.Name, base.Seed)
				if cell.Default {
					label = fmt.Sprintf("default cell, seed %d", base.Seed)
				}
				hash, err := add(in.student(label, cell.Config(base), cell.Steps, cell.Form))
				if err != nil {
					return err
				}
				p.cells[cellKey{axis.Name, cell.Name, base.Seed}] = hash
			}
		}
	}
	return nil
}

// addReferences adds real pictures and teacher once, and for every seed more steps of the default cell's student.
func (p *Plan) addReferences(in Inputs, base distill.Config, add func(Job, error) (string, error)) error {
	for i := range p.references {
		r, hash, err := &p.references[i], "", error(nil)
		switch {
		case r.subject != Student && len(r.hashes) > 0:
			continue
		case r.subject == Real:
			hash, err = add(in.real(), nil)
		case r.subject == Teacher:
			hash, err = add(in.teacher(r.name, r.net, r.steps), nil)
		default:
			hash, err = add(in.student(fmt.Sprintf("%s, seed %d", r.name, base.Seed), base, r.steps, ""))
		}
		if err != nil {
			return err
		}
		r.hashes = append(r.hashes, hash)
	}
	return nil
}

// complete counts the seeds for which all cells of an axis have results.
func (p *Plan) complete(axis ablations.Axis, results Results) (seeds int) {
	for _, seed := range p.Seeds {
		if !slices.ContainsFunc(axis.Cells, func(c ablations.Cell) bool {
			_, done := results[p.cells[cellKey{axis.Name, c.Name, seed}]]
			return !done
		}) {
			seeds++
		}
	}
	return seeds
}

// Job returns the measurement of a cell.
func (p *Plan) Job(axis, cell string, seed int64) (Job, bool) {
	i := slices.IndexFunc(p.Jobs, func(j Job) bool { return j.Hash == p.cells[cellKey{axis, cell, seed}] })
	if i < 0 {
		return Job{}, false
	}
	return p.Jobs[i], true
}
