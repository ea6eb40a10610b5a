package distill

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/train"
)

// Compiled is what the programs of a training take, on each of its devices.
type Compiled struct {
	Variables int64 // bytes of all weights, averages and moments
	Programs  []CompiledProgram
}

// CompiledProgram is one of them. They run one after another.
type CompiledProgram struct {
	Name string
	Runs int // in a whole training; known where Compile made it
	engine.Usage
}

// Largest is the program that needs most memory beside the variables.
func (c Compiled) Largest() CompiledProgram {
	return slices.MaxFunc(c.Programs, func(a, b CompiledProgram) int { return cmp.Compare(a.Beyond(), b.Beyond()) })
}

// Compile compiles all programs of a training and runs none. With an outline for a base, whose weights have shapes and no values, it needs
// memory for the compiler alone. Data are taken to be finite, so that no text towers are held. done is told of every program. An engine that
// does not tell what programs take gives engine.ErrNoUsage.
func Compile(ctx context.Context, in Inputs, done func(name string)) (c Compiled, err error) {
	if in.Backend.Name() != "xla" { // others compile in vain
		return c, fmt.Errorf("distill: %s: %w", in.Backend.Name(), engine.ErrNoUsage)
	}
	d, err := compile(ctx, in, done)
	if err != nil {
		return c, err
	}
	defer d.close()
	if c, err = d.compiled(); err != nil {
		return c, err
	}
	base, latents := in.Bundle.(Autoencoded)
	if _, pairs := d.method.(sourced); !latents || pairs {
		return c, nil
	}
	encode, err := compiledEncoding(in, base, d.store)
	if err == nil {
		done(encode.Name)
		c.Programs = append(c.Programs, encode)
	}
	return c, err
}

// compile prepares a training whose programs are compiled.
func compile(ctx context.Context, in Inputs, done func(name string)) (d *training, err error) {
	if err := in.Config.Validate(); err != nil {
		return nil, err
	}
	mesh, err := in.mesh()
	if err != nil {
		return nil, err
	}
	kept := &states{}
	if err := kept.outline(in); err != nil {
		return nil, err
	}
	method, err := methodOver(in.Config, in.Bundle, in.Devices, kept)
	if err != nil {
		return nil, err
	}
	s, err := newSetup(in.Config, in.Bundle)
	if err != nil {
		return nil, err
	}
	pairs, paired := method.(interface{ outline(s setup) })
	if paired {
		pairs.outline(s)
	}
	store, err := begin(in, method, kept)
	if err != nil {
		return nil, err
	}
	d = &training{Inputs: in, method: method, store: store, programs: map[string]*train.Program{}, runs: map[string]int{}, devices: mesh, states: kept}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	for step := 1; step <= in.Config.Steps; step++ {
		for _, u := range method.Updates(step) {
			for part := &u; part != nil; part = part.Then {
				if d.runs[part.Name] += in.Config.passes(); d.programs[part.Name] != nil {
					continue
				}
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				program, err := d.program(*part)
				if err == nil {
					err = program.Compile(part.Draw(s.blank(!paired), 1))
				}
				if err != nil {
					return nil, fmt.Errorf("distill: %s: %w", part.Name, err)
				}
				done(part.Name)
			}
		}
	}
	return d, nil
}

// blank is a batch of which only the shape matters. The latents of pairs are the teacher's.
func (s setup) blank(latents bool) dataset.Batch {
	n, area := s.cfg.Batch, s.base.Size()*s.base.Size()*3
	b := dataset.Batch{Images: make([]float32, n*area), Captions: make([]string, n)}
	if _, diffused := s.base.(Autoencoded); diffused && latents {
		b.Latents = make([]float32, n*s.values())
	}
	for i := range n {
		b.Indices = append(b.Indices, i)
	}
	return b
}

// compiledEncoding is the program that gives the latents of a picture.
func compiledEncoding(in Inputs, base Autoencoded, store *model.Store) (CompiledProgram, error) {
	exec, err := encoding(in, base, store)
	if err != nil {
		return CompiledProgram{}, err
	}
	defer exec.Finalize()
	g, err := exec.Compile(shapes.Make(dtypes.Float32, 1, base.Size(), base.Size(), 3))
	if err != nil {
		return CompiledProgram{}, fmt.Errorf("distill: encoding: %w", err)
	}
	usage, err := engine.UsageOf(g.Executable())
	return CompiledProgram{Name: "encode", Usage: usage}, err
}

// Stepper takes the steps of a training that leaves no run, for measurements.
type Stepper struct{ training *training }

// Steps prepares a Stepper. Close frees what it holds.
func Steps(ctx context.Context, in Inputs, progress *train.Progress) (Stepper, error) {
	if err := in.Config.Validate(); err != nil {
		return Stepper{}, err
	}
	d, err := open(ctx, in, progress)
	return Stepper{d}, err
}

// Step takes the step of a number, from 1 on, and returns the method's losses.
func (s Stepper) Step(number int) ([]float64, error) { return s.training.step(number) }

// Compiled is what the programs take that the steps so far compiled.
func (s Stepper) Compiled() (Compiled, error) { return s.training.compiled() }

// Close frees weights and programs.
func (s Stepper) Close() { s.training.close() }

// compiled is what the programs take that were compiled so far.
func (d *training) compiled() (c Compiled, err error) {
	for v := range d.store.IterVariables() {
		c.Variables += v.Shape().ByteSize()
	}
	for _, name := range slices.Sorted(maps.Keys(d.programs)) {
		usage, err := d.programs[name].Usage()
		if err != nil {
			return c, fmt.Errorf("distill: %s: %w", name, err)
		}
		c.Programs = append(c.Programs, CompiledProgram{name, d.runs[name], usage})
	}
	return c, nil
}

// outlined reports whether the weights in a store have shapes and no values.
func outlined(store *model.Store) bool {
	for v := range store.Scope("/" + teacherScope).IterVariables() {
		return !v.HasValue()
	}
	return false
}
