package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"
)

// decodeLegacy reads five pickles (magic number, version, machine, state dict, keys of storages), then the storages.
func decodeLegacy(r *bufio.Reader, size int64) (*File, error) {
	var part [5]any
	var views map[string]view
	for i := range part {
		text, err := takePickle(r)
		if err != nil {
			return nil, fmt.Errorf("%w (not a file of torch.save?)", err)
		}
		if i == 3 {
			views, err = stateDict(text)
		} else {
			part[i], err = unpickle(text)
		}
		if err != nil {
			return nil, err
		}
		if n, ok := part[0].(*big.Int); i == 0 && (!ok || n.Text(16) != "1950a86a20f9469cfc6c") {
			return nil, errors.New("magic number is not PyTorch's")
		}
	}
	if v, ok := part[1].(int); !ok || v != 1001 {
		return nil, fmt.Errorf("protocol version = %v, want 1001", part[1])
	}
	keys, ok := part[4].(*types.List)
	if !ok {
		return nil, errors.New("want a list of storages")
	}
	known := map[string]*storage{}
	for _, v := range views {
		known[v.storage.key] = v.storage
	}
	bytes := map[string][]byte{}
	for _, k := range *keys {
		key, _ := k.(string)
		s := known[key]
		if s == nil {
			return nil, fmt.Errorf("storage %v belongs to no tensor of the state dict", k)
		}
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, fmt.Errorf("storage %s: %w (cut short?)", key, err)
		}
		n := int64(binary.LittleEndian.Uint64(head[:]))
		if n != int64(s.count) || n > size {
			return nil, fmt.Errorf("storage %s: %d elements, want %d", key, n, s.count)
		}
		b, err := readSome(r, n*int64(s.dtype.Size()))
		if err != nil {
			return nil, fmt.Errorf("storage %s: %w", key, err)
		}
		bytes[key] = b
	}
	return assemble(views, func(s *storage) ([]byte, error) {
		b, ok := bytes[s.key]
		if !ok {
			return nil, fmt.Errorf("storage %s is missing", s.key)
		}
		return b, nil
	})
}
