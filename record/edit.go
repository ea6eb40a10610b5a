package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Edit changes the fields of a config that the JSON file at path names, nested ones one by one; the others stay as they are.
// A field that the config lacks is an error.
func Edit(path string, config any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	fields := json.NewDecoder(bytes.NewReader(text))
	fields.DisallowUnknownFields()
	if err := fields.Decode(config); err != nil {
		return fmt.Errorf("config %s: %w, want fields of the config that -n prints", path, err)
	}
	if _, err := fields.Token(); err != io.EOF {
		return fmt.Errorf("config %s: something follows after the fields, want one JSON object", path)
	}
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return fmt.Errorf("config %s: null, want one JSON object", path)
	}
	return nil
}
