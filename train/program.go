package train

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
)

// Graph builds a graph from named inputs to named scalars. GraphOf makes one.
type Graph func(root *model.Scope, names []string, inputs []*graph.Node) map[string]*graph.Node

// GraphOf reads the inputs of a graph as the fields of In, a struct of nodes.
func GraphOf[In any](build func(root *model.Scope, in In) map[string]*graph.Node) Graph {
	return func(root *model.Scope, names []string, inputs []*graph.Node) map[string]*graph.Node {
		return build(root, unpack[In](names, inputs))
	}
}

// Program is a graph that trains; it is compiled when it first runs.
type Program struct {
	exec            *model.Exec
	mesh            *distributed.DeviceMesh // nil for one device
	inputs, outputs []string                // names, in the order of the compiled graph
	shapes          []shapes.Shape          // of the inputs on all devices; nil before the first Call
}

// NewProgram prepares a graph over the variables of a store.
func NewProgram(backend compute.Backend, store *model.Store, build Graph) (*Program, error) {
	p := &Program{}
	exec, err := model.NewExec(backend, store, func(root *model.Scope, args []*graph.Node) []*graph.Node {
		store.SetTraining(args[0].Graph(), true)
		outputs := build(root, p.inputs, args)
		p.outputs = slices.Sorted(maps.Keys(outputs))
		var nodes []*graph.Node
		for _, name := range p.outputs {
			nodes = append(nodes, outputs[name])
		}
		return nodes
	})
	p.exec = exec
	return p, err
}

// Call runs the program on in, a struct of tensors with the field names of the graph's inputs, and frees them.
// Fields that are nil are no inputs; every call must leave out the same ones.
func (p *Program) Call(in any) (map[string]float64, error) {
	shares, err := p.shares(in)
	if err != nil {
		return nil, err
	}
	values, err := Call(p.exec, shares...) // those of the first device first
	if err != nil {
		return nil, err
	}
	named := make(map[string]float64, len(values))
	for i, name := range p.outputs {
		named[name] = values[i]
	}
	return named, nil
}

// Compile prepares the program for inputs like in, which it frees, as the first Call does. Variables need no values for it.
func (p *Program) Compile(in any) error {
	shares, err := p.shares(in)
	if err != nil {
		return err
	}
	engine.Release(shares...)
	if _, err := p.exec.Compile(p.shapes...); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// Usage is the memory that the compiled program needs on each of its devices, see engine.UsageOf. It must have been compiled.
func (p *Program) Usage() (engine.Usage, error) {
	g, err := p.exec.Compile(p.shapes...)
	if err != nil {
		return engine.Usage{}, fmt.Errorf("train: %w", err)
	}
	return engine.UsageOf(g.Executable())
}

// Signature names the inputs with their shapes, once it is compiled.
func (p *Program) Signature() string { return fmt.Sprint(p.inputs, p.shapes) }

// shares are the inputs as every device gets them.
func (p *Program) shares(in any) ([]*tensors.Tensor, error) {
	names, inputs := pack(in)
	if p.inputs == nil {
		p.inputs = names
	}
	if !slices.Equal(names, p.inputs) {
		return nil, fmt.Errorf("train: inputs = %q, want %q as in the first call", names, p.inputs)
	}
	shares, err := p.spread(inputs)
	if err != nil || p.shapes != nil {
		return shares, err
	}
	for _, x := range shares {
		p.shapes = append(p.shapes, x.Shape())
	}
	return shares, nil
}

// Close frees the compiled graph.
func (p *Program) Close() { p.exec.Finalize() }

// pack lists the fields of a struct of tensors that are not nil; fields of embedded structs are fields as well.
func pack(in any) (names []string, values []*tensors.Tensor) {
	v := reflect.ValueOf(in)
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Anonymous {
			continue
		}
		if x, ok := v.FieldByIndex(f.Index).Interface().(*tensors.Tensor); ok && x != nil {
			names, values = append(names, f.Name), append(values, x)
		}
	}
	return names, values
}

// unpack sets the named fields of a struct of nodes.
func unpack[In any](names []string, nodes []*graph.Node) (in In) {
	v := reflect.ValueOf(&in).Elem()
	for i, name := range names {
		field := v.FieldByName(name)
		if !field.IsValid() {
			panic(fmt.Errorf("train: input %s has no field in %T", name, in))
		}
		field.Set(reflect.ValueOf(nodes[i]))
	}
	return in
}

// F32 and I32 make tensors for Call.
func F32(x []float32, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(x, dims...)
}

// I32 makes an int32 tensor.
func I32(x []int32, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(x, dims...)
}

// Call runs a graph whose outputs are scalars and frees inputs and outputs.
func Call(exec *model.Exec, inputs ...*tensors.Tensor) ([]float64, error) {
	args := make([]any, len(inputs))
	for i, t := range inputs {
		args[i] = t
	}
	outputs, err := exec.Call(args...)
	defer engine.Release(inputs...)
	if err != nil {
		return nil, err
	}
	defer engine.Release(outputs...)
	values := make([]float64, len(outputs))
	for i, t := range outputs {
		v, ok := t.Value().(float32)
		if !ok {
			return nil, fmt.Errorf("train: output %d has shape %s, want a float32 scalar", i, t.Shape())
		}
		values[i] = float64(v)
	}
	return values, nil
}
