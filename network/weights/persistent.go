package weights

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/addlab/addlab/internal/pickle"
)

// Persistent is a network of a pickle that NVIDIA's torch_utils.persistence wrote, as EDM and StyleGAN are published.
type Persistent struct {
	Class      string
	Arguments  map[string]any // that it was made with, by name: nil, booleans, int, float64, text, lists and maps of these
	Attributes map[string]any // those of its attributes that are nil, booleans, int, float64 or text

	path  string
	views map[string]view // by the names of its state dict
}

// ReadPersistent reads the entry of a pickled dict that is a network, without its numbers. Such a pickle holds source code, which is not
// run: only tensors, containers and persistent objects are made, and a file that asks for anything else is refused.
func ReadPersistent(path, entry string) (*Persistent, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	p, err := decodePersistent(f, info.Size(), entry)
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	p.path = path
	return p, nil
}

func decodePersistent(r io.ReaderAt, size int64, entry string) (*Persistent, error) {
	value, err := pickle.ReadLarge(r, size, maxPickle, persistentNames)
	if err != nil {
		return nil, err
	}
	all, ok := value.(*types.Dict)
	if !ok {
		return nil, fmt.Errorf("holds a %T, want a dict with the entry %q", value, entry)
	}
	entries, _ := dict(all)
	net, ok := entries[entry].(*object)
	if !ok || net.class == "" {
		return nil, fmt.Errorf("%s is a %T, want a persistent object (entries: %q)", entry, entries[entry], slices.Sorted(maps.Keys(entries)))
	}
	return net.network()
}

// Shapes are the floating-point tensors by the names of the state dict, without their bytes.
func (p *Persistent) Shapes() map[string]Raw {
	all := map[string]Raw{}
	for name, v := range p.views {
		all[name] = Raw{DType: v.storage.dtype, Shape: v.shape}
	}
	return all
}

// Each reads those tensors one by one, in the order of the file. The bytes are valid until visit returns.
func (p *Persistent) Each(visit func(name string, t Raw) error) error {
	f, err := os.Open(p.path)
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	for _, name := range slices.SortedFunc(maps.Keys(p.views), func(a, b string) int {
		return cmp.Or(cmp.Compare(p.views[a].storage.at, p.views[b].storage.at), cmp.Compare(a, b))
	}) {
		t, err := p.views[name].read(f)
		if err == nil {
			err = visit(name, t)
		}
		if err != nil {
			return fmt.Errorf("weights: %s: tensor %q: %w", p.path, name, err)
		}
	}
	return nil
}

// read reads a tensor whose storage has a place in the file.
func (v view) read(r io.ReaderAt) (Raw, error) {
	b := make([]byte, v.storage.count*v.storage.dtype.Size())
	if _, err := r.ReadAt(b, v.storage.at); err != nil {
		return Raw{}, err
	}
	return v.raw(b)
}
