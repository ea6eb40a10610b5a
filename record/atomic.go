package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/addlab/addlab/internal/atomicfile"
)

// WriteFile writes a file that is whole on the disk or, after a crash, still the old one.
func WriteFile(path string, data []byte) error {
	err := atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

// WriteJSON writes v as indented JSON, atomically.
func WriteJSON(path string, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("record: write %s: %w", path, err)
	}
	return WriteFile(path, buf.Bytes())
}

// ReadJSON reads a file that WriteJSON wrote.
func ReadJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("record: %s: %w", path, err)
	}
	return nil
}
