package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// normalise takes out of an executed notebook what differs from one execution to the next, folds streams that came in pieces, drops
// displays that were emptied, and writes down which code the outputs belong to.
func normalise(name string, text []byte, scale string) ([]byte, error) {
	var n map[string]any
	if err := json.Unmarshal(text, &n); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	cells, _ := n["cells"].([]any)
	for _, c := range cells {
		cell, _ := c.(map[string]any)
		if _, code := cell["execution_count"]; code {
			cell["execution_count"] = nil
		}
		if outputs, ok := cell["outputs"].([]any); ok {
			cell["outputs"] = fold(outputs)
		}
	}
	read, err := readNotebook(name, text)
	if err != nil {
		return nil, err
	}
	metadata, _ := n["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		n["metadata"] = metadata
	}
	metadata["addlab"] = kept{Cells: read.hashes(), Scale: scale}
	if language, ok := metadata["language_info"].(map[string]any); ok {
		delete(language, "version") // of the Go that happened to be there
	}

	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(n); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if out.Len() > sizeLimit {
		return nil, fmt.Errorf("%s: %d KiB with its outputs, want ≤ %d: show fewer or smaller pictures", name, out.Len()>>10, sizeLimit>>10)
	}
	return out.Bytes(), nil
}

// fold joins neighbours of the same stream and drops what shows nothing.
func fold(outputs []any) []any {
	folded, last := []any{}, map[string]any{}
	for _, o := range outputs {
		output, _ := o.(map[string]any)
		if output["execution_count"] != nil {
			output["execution_count"] = nil
		}
		if empty(output) {
			continue
		}
		if output["output_type"] == "stream" {
			output["text"] = joined(output["text"])
			if last["output_type"] == "stream" && last["name"] == output["name"] {
				last["text"] = joined(last["text"]) + joined(output["text"])
				continue
			}
		}
		folded, last = append(folded, output), output
	}
	return folded
}

// empty tells a display whose place was cleared when the work was done.
func empty(output map[string]any) bool {
	data, ok := output["data"].(map[string]any)
	if !ok {
		return false
	}
	for _, content := range data {
		if strings.TrimSpace(joined(content)) != "" {
			return false
		}
	}
	return true
}

// joined is a text that may come in lines; what is no text is not empty.
func joined(text any) string {
	switch t := text.(type) {
	case string:
		return t
	case []any:
		var b strings.Builder
		for _, line := range t {
			s, _ := line.(string)
			b.WriteString(s)
		}
		return b.String()
	}
	return "?"
}
