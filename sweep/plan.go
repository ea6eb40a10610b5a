package sweep

import (
	"fmt"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
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

	cells      map[[2]string][]string // hashes of the evaluations of an axis's cell, by seed
	references []reference
}

// reference is a row below the cells: one evaluation, or one for each seed.
type reference struct {
	name, subject string
	steps         int
	net           string // variant of the teacher
	sampler       string // of the teacher; "" is that of pipeline.Teacher
	axis          string // in whose table it is; "" for all
	hashes        []string
}

func (p *Plan) referencesOf(axis ablations.Axis) []reference {
	return slices.DeleteFunc(slices.Clone(p.references), func(r reference) bool { return r.axis != "" && r.axis != axis.Name })
}

// The references between which CLIP scores are judged: what the teacher can, and a blur.
const teacherGood, teacherBlur = "teacher, 25 steps", "teacher, 1 step"

// NewPlan lists the jobs of axes × seeds, seed by seed. The default cell comes first, since all tables need it. References follow
// the cells of the first seed.
func NewPlan(in Inputs, base distill.Config, axes []ablations.Axis, seeds []int64) (*Plan, error) {
	preset, err := in.preset(base.Scale)
	if err != nil {
		return nil, err
	}
	p := &Plan{
		Scale: base.Scale, Data: in.Data.Name(), Axes: axes, Seeds: seeds, cells: map[[2]string][]string{},
		references: []reference{
			{name: "real against real (floor)", subject: Real},
			{name: teacherGood, subject: Teacher, steps: 25},
			{name: teacherBlur, subject: Teacher, steps: 1},
		},
	}
	if slices.ContainsFunc(axes, ablations.Axis.HasDefault) { // else its student is not trained
		for _, steps := range []int{2, 4} {
			if fits(base.Times, steps) != nil {
				continue
			}
			p.references = append(p.references, reference{name: fmt.Sprintf("student (default cell), %d steps", steps), subject: Student, steps: steps})
		}
	}
	for _, axis := range axes {
		p.references = append(p.references, solvers(axis)...)
		for _, net := range axis.Teachers {
			p.references = append(p.references, reference{name: net + ", 25 steps", subject: Teacher, steps: 25, net: net, axis: axis.Name})
		}
		if err := conflict(axis, preset, base); err != nil {
			return nil, err
		}
	}
	if p.changed, err = changed(preset, base); err != nil {
		return nil, err
	}
	for _, base.Seed = range seeds {
		if err = p.addCells(in, base); err != nil {
			return nil, err
		}
		if err = p.addReferences(in, base); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// solvers are the teacher at an axis's further steps, by each of its solvers.
func solvers(axis ablations.Axis) (found []reference) {
	usual := pipeline.Teacher(0, 0).Sampler
	samplers := axis.Solvers
	if samplers == nil {
		samplers = []diffusion.Sampler{usual}
	}
	for _, sampler := range samplers {
		for _, steps := range axis.SolverSteps {
			row := pipeline.Named{Name: fmt.Sprintf("teacher, %d steps", steps), Sampling: pipeline.Sampling{Sampler: usual}}.By(sampler)
			found = append(found, reference{name: row.Name, subject: Teacher, steps: steps, sampler: sampler.Name(), axis: axis.Name})
		}
	}
	return found
}

// add lists a job once, and returns its hash.
func (p *Plan) add(j Job, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if j.Hash, err = record.Hash(j.Evaluation); err != nil {
		return "", err
	}
	if _, listed := p.job(j.Hash); !listed {
		p.Jobs = append(p.Jobs, j)
	}
	return j.Hash, nil
}

func (p *Plan) job(hash string) (Job, bool) {
	i := slices.IndexFunc(p.Jobs, func(j Job) bool { return j.Hash == hash })
	if i < 0 {
		return Job{}, false
	}
	return p.Jobs[i], true
}

func (p *Plan) addCells(in Inputs, base distill.Config) error {
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
				hash, err := p.add(in.student(label, cell.Config(base), cell.Steps, cell.Form))
				if err != nil {
					return err
				}
				for _, other := range axis.Cells {
					if job, ok := p.Job(axis.Name, other.Name, base.Seed); ok && job.Hash == hash {
						return fmt.Errorf("sweep: axis %s: cells %q and %q are the same config at scale %s, want two to compare (--print-config shows them)",
							axis.Name, other.Name, cell.Name, base.Scale)
					}
				}
				key := [2]string{axis.Name, cell.Name}
				p.cells[key] = append(p.cells[key], hash)
			}
		}
	}
	return nil
}

// addReferences adds real pictures and teacher once, and for every seed more steps of the default cell's student.
func (p *Plan) addReferences(in Inputs, base distill.Config) error {
	for i := range p.references {
		r, hash, err := &p.references[i], "", error(nil)
		switch {
		case r.subject != Student && len(r.hashes) > 0:
			continue
		case r.subject == Real:
			hash, err = p.add(in.real(), nil)
		case r.subject == Teacher:
			hash, err = p.add(in.teacher(r.name, r.net, r.sampler, r.steps), nil)
		default:
			hash, err = p.add(in.student(fmt.Sprintf("%s, seed %d", r.name, base.Seed), base, r.steps, ""))
		}
		if err != nil {
			return err
		}
		r.hashes = append(r.hashes, hash)
	}
	return nil
}

func (p *Plan) complete(axis ablations.Axis, results Results) (seeds int) {
	for i := range p.Seeds {
		if !slices.ContainsFunc(axis.Cells, func(c ablations.Cell) bool { return len(results.of(p.hashes(axis, c)[i])) == 0 }) {
			seeds++
		}
	}
	return seeds
}

func (p *Plan) hashes(axis ablations.Axis, cell ablations.Cell) []string {
	return p.cells[[2]string{axis.Name, cell.Name}]
}

// Job returns the measurement of a cell.
func (p *Plan) Job(axis, cell string, seed int64) (Job, bool) {
	i, hashes := slices.Index(p.Seeds, seed), p.cells[[2]string{axis, cell}]
	if i < 0 || i >= len(hashes) {
		return Job{}, false
	}
	return p.job(hashes[i])
}
