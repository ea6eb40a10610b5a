package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/addlab/addlab/internal/atomicfile"
)

// WriteFile writes a file that is whole on the disk or, after a crash, still the old one.
func WriteFile(path string, data []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
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
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("record: %s: %w", path, err)
	}
	return nil
}

// Edit changes the fields of a config that the JSON file at path names, nested ones one by one; the others stay as they are.
// A field that the config lacks is an error, and so is one that stands twice or is null, which changes nothing.
func Edit(path string, config any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	if err := once(text); err != nil {
		return fmt.Errorf("config %s: %w", path, err)
	}
	fields := json.NewDecoder(bytes.NewReader(text))
	fields.DisallowUnknownFields()
	if err := fields.Decode(config); err != nil {
		return fmt.Errorf("config %s: %w, want fields of the config that -n prints", path, err)
	}
	if _, err := fields.Token(); err != io.EOF {
		return fmt.Errorf("config %s: something follows after the fields, want one JSON object", path)
	}
	return nil
}

// once is an error where JSON has a name twice or a null. What else is wrong with it, encoding/json says.
func once(text []byte) error {
	tokens := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		token, err := tokens.ReadToken()
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return fmt.Errorf("%w, want every field once", err)
		case err != nil:
			return nil
		case token.Kind() == 'n' && tokens.StackDepth() == 0:
			return errors.New("null, want one JSON object")
		case token.Kind() == 'n':
			return fmt.Errorf("%s is null, want a value, or no such field", tokens.StackPointer())
		}
	}
}

// Number is a float64 that JSON can carry when a loss has diverged: NaN and infinities are the texts "NaN", "+Inf", "-Inf".
type Number float64

// MarshalJSON writes a number, or a text for a value that JSON has no number for.
func (x Number) MarshalJSON() ([]byte, error) {
	if v := float64(x); math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(v, 'g', -1, 64)), nil
	}
	return json.Marshal(float64(x))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (x *Number) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*x = Number(math.NaN())
	case `"+Inf"`:
		*x = Number(math.Inf(1))
	case `"-Inf"`:
		*x = Number(math.Inf(-1))
	default:
		var v *float64
		if err := json.Unmarshal(b, &v); err != nil || v == nil {
			return fmt.Errorf("record: number = %s, want a JSON number, \"NaN\", \"+Inf\" or \"-Inf\"", b)
		}
		*x = Number(*v)
	}
	return nil
}

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

// canonical is v as JSON with sorted keys, one spelling per number and no spaces (RFC 8785). Integers of any size stay exact.
func canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("record: config: %w", err)
	}
	text := jsontext.Value(b)
	if text.Kind() != '{' {
		return nil, fmt.Errorf("record: config = %.40s, want a struct or a map", b)
	}
	if err := text.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
		return nil, fmt.Errorf("record: config: %w", err)
	}
	return text, nil
}
