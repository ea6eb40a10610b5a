package record

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
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
