package latent

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// load reads the weights of all parts into a store, tensor by tensor from the file to the device: no second copy is made. Tensors must be
// exactly those of the networks, by name and shape.
func (m *Model) load(backend compute.Backend) (*model.Store, error) {
	store := model.NewStore()
	for _, part := range m.parts() {
		if err := m.loadPart(backend, store, part, "/"+part); err != nil {
			store.Finalize()
			return nil, err
		}
	}
	debug.FreeOSMemory()
	return store, nil
}

// loadPart reads a part below a scope.
func (m *Model) loadPart(backend compute.Backend, store *model.Store, part, scope string) (err error) {
	defer func() {
		if err != nil {
			err = m.partError(part, err)
		}
	}()
	if err := m.checkPart(backend, part); err != nil {
		return err
	}
	for _, file := range m.weights[part] {
		err := weights.EachAny(m.path(file), func(name string, t weights.Raw) error {
			if !t.DType.IsFloat() { // positions 0, 1, 2 … of old text towers
				return nil
			}
			value, err := t.OnDevice(backend)
			if err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
			path, err := weights.Path(scope, nameOf(part, name))
			if err == nil {
				_, err = store.CreateVariable(path, value)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// outlinePart is loadPart without values.
func (m *Model) outlinePart(backend compute.Backend, store *model.Store, part, scope string) error {
	if err := m.checkPart(backend, part); err != nil {
		return m.partError(part, err)
	}
	all, err := m.Tensors(part)
	if err != nil {
		return m.partError(part, err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !all[name].DType.IsFloat() {
			continue
		}
		path, err := weights.Path(scope, nameOf(part, name))
		if err != nil {
			return m.partError(part, err)
		}
		network.Outline(store, path, all[name].Held())
	}
	return nil
}

// partError is an error about a part.
func (m *Model) partError(part string, err error) error {
	return fmt.Errorf("latent: %s: %s: %w", m.Dir, part, err)
}

// checkPart wants the tensors in a part's files to be those of its config, by name and shape.
func (m *Model) checkPart(backend compute.Backend, part string) error {
	declared := model.NewStore()
	defer declared.Finalize()
	if err := network.Declare(backend, declared, func(root *model.Scope, g *Graph) { m.declare(root, g, part) }); err != nil {
		return err
	}
	there := &weights.File{Tensors: map[string]weights.Tensor{}}
	for _, file := range m.weights[part] {
		header, err := weights.HeaderAny(m.path(file))
		if err != nil {
			return err
		}
		for name, t := range header.Tensors {
			if _, twice := there.Tensors[nameOf(part, name)]; twice {
				return fmt.Errorf("%s: tensor %q is in two files", file, name)
			}
			if t.DType.IsFloat() {
				there.Tensors[nameOf(part, name)] = weights.Tensor{Shape: t.Shape}
			}
		}
	}
	if err := weights.Check(declared, "/", there); err != nil {
		return fmt.Errorf("%q: %w", m.weights[part], err)
	}
	return nil
}

// nameOf is the name here of a tensor of a file.
func nameOf(part, name string) string {
	switch part {
	case "vae":
		return network.VAEName(name)
	case "text_encoder", "text_encoder_2":
		return network.TextName(name)
	}
	return name
}

// declare builds the networks of a part for the smallest input.
func (m *Model) declare(root *model.Scope, g *Graph, part string) {
	input := func(name string, dims ...int) *Node { return Parameter(g, name, shapes.Make(dtypes.Float32, dims...)) }
	switch part {
	case "unet":
		side := 1 << (len(m.UNet.BlockOutChannels) - 1)
		pooled := input("pooled", 1, max(1, m.pooledWidth()))
		m.UNet.Apply(root, input("x", 1, side, side, m.UNet.InChannels), input("t", 1), input("tokens", 1, 1, m.UNet.CrossAttentionDim), pooled)
	case "vae":
		m.VAE.Encode(root, input("x", 1, m.VAE.Factor(), m.VAE.Factor(), m.VAE.InChannels))
		m.VAE.Decode(root, input("z", 1, 1, 1, m.VAE.LatentChannels))
	default:
		i := slices.Index(parts, part) - 2
		network.TextTower(root, m.Texts[i].Config, Parameter(g, "ids", shapes.Make(dtypes.Int32, 1, 2)))
	}
}
