package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// entry is one tensor of a header; its bytes are data[begin:end].
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end int64
}

// parseHeader reads the JSON header. Repeated names, which encoding/json would let pass, are errors.
func parseHeader(header []byte) (entries []entry, metadata map[string]string, err error) {
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, errors.New("want a JSON object (not a safetensors file?)")
	}
	if !utf8.Valid(header) {
		return nil, nil, errors.New("want UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(header))
	err = parseObject(dec, func(name string) error {
		if name == metadataKey {
			metadata = map[string]string{}
			return parseObject(dec, func(key string) error {
				var value *string
				if err := dec.Decode(&value); err != nil {
					return err
				}
				if value == nil {
					return errors.New("want text, have null")
				}
				metadata[key] = *value
				return nil
			})
		}
		e, err := parseEntry(dec, name)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if rest := bytes.TrimLeft(header[dec.InputOffset():], " "); len(rest) != 0 {
		return nil, nil, fmt.Errorf("%d bytes after the JSON object, want spaces only", len(rest))
	}
	return entries, metadata, nil
}

// parseEntry reads {"dtype": …, "shape": …, "data_offsets": …}, all three required.
func parseEntry(dec *json.Decoder, name string) (entry, error) {
	e := entry{name: name}
	var offsets []int64
	seen := 0
	err := parseObject(dec, func(key string) error {
		seen++
		switch key {
		case "dtype":
			return dec.Decode(&e.dtype)
		case "shape":
			return dec.Decode(&e.shape)
		case "data_offsets":
			return dec.Decode(&offsets)
		}
		return errors.New("want dtype, shape or data_offsets")
	})
	switch {
	case err != nil:
		return e, err
	case seen != 3 || e.shape == nil:
		return e, errors.New("want dtype, shape and data_offsets")
	case len(offsets) != 2 || offsets[0] < 0 || offsets[1] < offsets[0]:
		return e, fmt.Errorf("data_offsets = %v, want [begin, end] with 0 ≤ begin ≤ end", offsets)
	}
	e.begin, e.end = offsets[0], offsets[1]
	return e, nil
}

// parseObject calls value at each value of the JSON object that comes next and refuses repeated keys.
func parseObject(dec *json.Decoder, value func(key string) error) error {
	token, err := dec.Token()
	if err != nil {
		return noEOF(err)
	}
	if token != json.Delim('{') {
		return fmt.Errorf("want a JSON object, have %v", token)
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return noEOF(err)
		}
		key := token.(string) // the decoder lets only text stand before a colon
		if seen[key] {
			return fmt.Errorf("%q appears twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return fmt.Errorf("%q: %w", key, noEOF(err))
		}
	}
	_, err = dec.Token()
	return noEOF(err)
}

// noEOF turns the decoder's end of input, which is never expected here, into words.
func noEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("JSON ends early")
	}
	return err
}
