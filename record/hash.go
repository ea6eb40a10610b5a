package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Hash names a config: the first 12 hexadecimal digits of the SHA-256 of its canonical JSON, so that a struct, a map of
// the same content and the config.json of a run share one name.
func Hash(config any) (string, error) {
	b, err := canonical(config)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:12], nil
}

// canonical is v as JSON with sorted keys, one spelling per number and no spaces.
func canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("record: config: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("record: config: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("record: config: want one JSON value")
	}
	if _, ok := tree.(map[string]any); !ok {
		return nil, fmt.Errorf("record: config = %.40s, want a struct or a map", b)
	}
	if tree, err = plainNumbers(tree); err != nil {
		return nil, fmt.Errorf("record: config: %w", err)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf) // sorts the keys of maps
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tree); err != nil {
		return nil, fmt.Errorf("record: config: %w", err)
	}
	return bytes.TrimSpace(buf.Bytes()), nil
}

// plainNumbers gives numbers the spelling of encoding/json: 1.0 and 1e0 become 1. Integers of any size stay exact.
func plainNumbers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			if v[key], err = plainNumbers(v[key]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if v[i], err = plainNumbers(v[i]); err != nil {
				return nil, err
			}
		}
	case json.Number:
		if v != "-0" && !strings.ContainsAny(v.String(), ".eE") {
			return v, nil
		}
		x, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			return nil, err
		}
		if x == 0 {
			return 0, nil // −0 is 0
		}
		return x, nil
	}
	return v, nil
}
