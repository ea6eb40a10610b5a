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
	var storages map[string]*storage
	for i := range part {
		var err error
		if i == 3 {
			views, storages, err = stateDict(r)
		} else {
			part[i], _, err = unpickle(r)
		}
		if err != nil {
			return nil, fmt.Errorf("%w (not a file of torch.save?)", err)
		}
		if n, ok := part[0].(*big.Int); i == 0 && (!ok || n.Text(16) != "1950a86a20f9469cfc6c") {
			return nil, errors.New("magic number is not PyTorch's")
		}
	}
	if v, ok := part[1].(int); !ok {
		return nil, fmt.Errorf("protocol version is a %T, want 1001", part[1])
	} else if v != 1001 {
		return nil, fmt.Errorf("protocol version = %d, want 1001", v)
	}
	keys, ok := part[4].(*types.List)
	if !ok {
		return nil, errors.New("want a list of storages")
	}
	used := map[string]bool{}
	for _, v := range views {
		used[v.storage.key] = true
	}
	bytes := map[string][]byte{}
	for _, k := range *keys {
		key, ok := k.(string)
		if !ok {
			return nil, fmt.Errorf("key of a storage is a %T, want text", k)
		}
		s := storages[key]
		if s == nil {
			return nil, fmt.Errorf("storage %q belongs to no tensor", key)
		}
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, fmt.Errorf("storage %s: %w (cut short?)", key, err)
		}
		n := int64(binary.LittleEndian.Uint64(head[:]))
		if n != int64(s.count) || n > size {
			return nil, fmt.Errorf("storage %s: %d elements, want %d", key, n, s.count)
		}
		if !used[key] { // an optimizer's
			if _, err := io.CopyN(io.Discard, r, n*int64(s.dtype.Size())); err != nil {
				return nil, fmt.Errorf("storage %s: %w (cut short?)", key, err)
			}
			continue
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
