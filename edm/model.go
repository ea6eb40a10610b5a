// Package edm opens the networks that EDM published (Karras et al. 2206.00364) in NVIDIA's pickles, and draws pictures of classes.
//
//	m, err := edm.Open("edm-cifar10-32x32-cond-vp.pkl")
//	p, err := m.Load(backend)
//	defer p.Close()
//	flat, err := p.Draw(ctx, edm.Request{Classes: []int{7, 3}, Steps: 18})
//
// Open reads the description and refuses by name what is not built here; Load reads the weights. Nothing in a pickle is run.
package edm

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// Model is what a file says besides weights.
type Model struct {
	File    string
	Network network.EDMConfig
	Levels  diffusion.EDMLevels // that it is sampled on
	Student *diffusion.FewStep  // how a saved student draws; nil for others

	tensors tensorFile
}

// tensorFile are the tensors of a file: a pickle, or what Save wrote.
type tensorFile interface {
	Shapes() map[string]weights.Raw
	Each(visit func(name string, t weights.Raw) error) error
}

// Open reads what a file says besides weights: of a pickle the average, which NVIDIA calls ema, or what Save wrote.
func Open(file string) (*Model, error) {
	if strings.EqualFold(filepath.Ext(file), ".safetensors") {
		return openSaved(file)
	}
	p, err := weights.ReadPersistent(file, "ema")
	if err != nil {
		return nil, fmt.Errorf("edm: %w", err)
	}
	arguments := maps.Clone(p.Arguments)
	for _, name := range []string{"sigma_min", "sigma_max", "sigma_data"} { // the network reads the attributes, which may be newer
		if v, ok := p.Attributes[name]; ok {
			arguments[name] = v
		}
	}
	cfg, err := network.EDMFrom(p.Class, arguments)
	if err != nil {
		return nil, fmt.Errorf("edm: %s: %w", file, err)
	}
	if cfg.Channels != 3 {
		return nil, fmt.Errorf("edm: %s: img_channels = %d, want 3 for red, green and blue", file, cfg.Channels)
	}
	return &Model{File: file, Network: cfg, Levels: diffusion.EDMLevelsOf(cfg), tensors: p}, nil
}

// filter is the last part of the name of a buffer that holds the filter of a change of the resolution. Here it is a constant of the config.
const filter = "resample_filter"

// load reads the weights into a store, tensor by tensor from the file to the device. Tensors must be exactly those of the network, by name
// and shape.
func (m *Model) load(backend compute.Backend) (*model.Store, error) {
	store := model.NewStore()
	if err := m.loadInto(backend, store, "/"); err != nil {
		store.Finalize()
		return nil, err
	}
	return store, nil
}

// check wants the tensors of the file to be those of the network, by name and shape.
func (m *Model) check(backend compute.Backend) error {
	declared := model.NewStore()
	defer declared.Finalize()
	if err := network.Declare(backend, declared, func(root *model.Scope, g *Graph) {
		input := func(name string, dims ...int) *Node { return Parameter(g, name, shapes.Make(dtypes.Float32, dims...)) }
		side := m.Network.Resolution
		m.Network.Apply(root.At("model"), input("x", 1, side, side, m.Network.Channels), input("noise", 1), input("labels", 1, max(1, m.Network.LabelDim)))
	}); err != nil {
		return err
	}
	there := &weights.File{Tensors: map[string]weights.Tensor{}}
	for name, t := range m.Tensors() {
		there.Tensors[name] = weights.Tensor{Shape: t.Shape}
	}
	return weights.Check(declared, "/", there)
}

// loadInto is load below a scope.
func (m *Model) loadInto(backend compute.Backend, store *model.Store, scope string) error {
	if err := m.check(backend); err != nil {
		return err
	}
	return m.tensors.Each(func(name string, t weights.Raw) error {
		if strings.HasSuffix(name, "."+filter) {
			return m.checkFilter(t)
		}
		value, err := t.OnDevice(backend)
		if err != nil {
			return err
		}
		path, err := weights.Path(scope, name)
		if err == nil {
			_, err = store.CreateVariable(path, value)
		}
		return err
	})
}

// outlineInto is loadInto without values.
func (m *Model) outlineInto(backend compute.Backend, store *model.Store, scope string) error {
	if err := m.check(backend); err != nil {
		return err
	}
	all := m.Tensors()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		path, err := weights.Path(scope, name)
		if err != nil {
			return err
		}
		network.Outline(store, path, all[name].Held())
	}
	return nil
}

// Tensors are the types and shapes of the weights, without their bytes.
func (m *Model) Tensors() map[string]weights.Raw {
	all := maps.Clone(m.tensors.Shapes())
	maps.DeleteFunc(all, func(name string, _ weights.Raw) bool { return strings.HasSuffix(name, "."+filter) })
	return all
}

// checkFilter wants a filter in two dimensions to be that of the config.
func (m *Model) checkFilter(t weights.Raw) error {
	x, err := t.Floats()
	if err != nil {
		return err
	}
	row := m.Network.ResampleFilter
	if row == nil {
		row = []int{1, 1}
	}
	sum := 0
	for _, v := range row {
		sum += v
	}
	if len(x) != len(row)*len(row) {
		return fmt.Errorf("has %d values, want %d as resample_filter = %v", len(x), len(row)*len(row), row)
	}
	for i, v := range x {
		want := float64(row[i/len(row)]*row[i%len(row)]) / float64(sum*sum)
		if !(math.Abs(float64(v)-want) <= 1e-6) {
			return fmt.Errorf("value %d = %g, want %g as resample_filter = %v", i, v, want, row)
		}
	}
	return nil
}
