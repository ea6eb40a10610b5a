package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// entry is one tensor of a header; its bytes are data[begin:end].
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end int64
}

// tensorHeader is what the header says of a tensor. All fields are required.
type tensorHeader struct {
	DType   DType   `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// parseHeader reads the JSON header. Version 2 of encoding/json is strict: names that appear twice and bytes that are not UTF-8 are errors.
func parseHeader(header []byte) (entries []entry, metadata map[string]string, err error) {
	if !bytes.HasPrefix(header, []byte{'{'}) {
		return nil, nil, errors.New("want a JSON object (not a safetensors file?)")
	}
	var fields map[string]jsontext.Value
	if err := json.Unmarshal(header, &fields); err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name == metadataKey {
			err = json.Unmarshal(fields[name], &metadata)
		} else {
			var e entry
			e, err = parseEntry(name, fields[name])
			entries = append(entries, e)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%q: %w", name, err)
		}
	}
	return entries, metadata, nil
}

func parseEntry(name string, value []byte) (entry, error) {
	var t tensorHeader
	if err := json.Unmarshal(value, &t, json.RejectUnknownMembers(true)); err != nil {
		return entry{}, fmt.Errorf("want dtype, shape and data_offsets: %w", err)
	}
	switch {
	case t.DType == "" || t.Shape == nil || t.Offsets == nil:
		return entry{}, errors.New("want dtype, shape and data_offsets")
	case len(t.Offsets) != 2 || t.Offsets[0] < 0 || t.Offsets[1] < t.Offsets[0]:
		return entry{}, fmt.Errorf("data_offsets = %v, want [begin, end] with 0 ≤ begin ≤ end", t.Offsets)
	}
	return entry{name, t.DType, t.Shape, t.Offsets[0], t.Offsets[1]}, nil
}

// readHeader reads what a file of the given size says of its tensors, in the order in which their bytes follow.
func readHeader(r io.Reader, size int64) ([]entry, map[string]string, error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, nil, fmt.Errorf("file has %d bytes, want at least 8", size)
	}
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, nil, fmt.Errorf("header length: %w", err)
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	if n > maxHeader {
		return nil, nil, fmt.Errorf("header length = %d, want ≤ %d (not a safetensors file?)", n, maxHeader)
	}
	data := size - int64(len(prefix)) - int64(n)
	if data < 0 {
		return nil, nil, fmt.Errorf("header length = %d, but the file has %d bytes (cut short?)", n, size)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	entries, metadata, err := parseHeader(header)
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	return entries, metadata, checkLayout(entries, data)
}
