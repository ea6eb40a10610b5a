package weights

import (
	"bytes"
	"errors"
	"fmt"
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
