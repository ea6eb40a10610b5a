package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	metadataName    = "metadata.jsonl"
	metadataLines   = `lines {"file_name": …, "text": …}`
	maxCaptionBytes = 1 << 20
)

// CaptionRow is a line of a metadata.jsonl, as it is written.
type CaptionRow struct {
	Line       int
	Name, Text string
}

// CaptionRows reads lines {"file_name": …, "text": …}; empty lines are passed over. An error begins with the number of the line.
func CaptionRows(data []byte) (rows []CaptionRow, err error) {
	data, err = Text(data)
	if err != nil {
		return nil, fmt.Errorf(" %w", err)
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		row := CaptionRow{Line: n}
		keys, err := fields(line)
		if err == nil {
			row.Name, err = text(keys, "file_name")
		}
		if err == nil {
			row.Text, err = text(keys, "text")
		}
		if err != nil {
			return nil, fmt.Errorf("%d: %w, want %s", n, err, metadataLines)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// CaptionObject reads a JSON object {"name.png": "caption", …}.
func CaptionObject(data []byte) (rows []CaptionRow, err error) {
	if data, err = Text(data); err != nil {
		return nil, err
	}
	keys, err := fields(bytes.TrimSpace(data))
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		row := CaptionRow{Name: name}
		if row.Text, err = text(keys, name); err != nil {
			break
		}
		rows = append(rows, row)
	}
	if err != nil {
		return nil, fmt.Errorf(`%w, want {"name.png": "caption", …}`, err)
	}
	return rows, nil
}

// fields reads a JSON object. Its keys are told apart by case, as in Python.
func fields(line []byte) (keys map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(line, &keys); err != nil {
		if bytes.HasPrefix(line, []byte("{")) {
			return nil, err
		}
		return nil, fmt.Errorf("%.40q is no JSON object", line)
	}
	return keys, nil
}

func text(keys map[string]json.RawMessage, key string) (s string, err error) {
	raw, ok := keys[key]
	if !ok {
		return "", fmt.Errorf("no %s (keys: %s)", key, strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
	}
	var p *string
	if json.Unmarshal(raw, &p) != nil || p == nil {
		return "", fmt.Errorf("%s = %.40s, want one string", key, raw)
	}
	return *p, nil
}

// Text drops the byte-order mark of a file and refuses what is no UTF-8.
func Text(data []byte) ([]byte, error) {
	data, err := unmarked(data)
	if err == nil && !utf8.Valid(data) {
		n := 1 + bytes.Count(data[:bytes.IndexRune(data, utf8.RuneError)], []byte("\n"))
		err = fmt.Errorf("line %d is no UTF-8", n)
	}
	return data, err
}

// unmarked drops a byte-order mark and refuses UTF-16, of which no byte should become a caption.
func unmarked(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.IndexByte(data, 0) >= 0 || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("UTF-16 or no text, want UTF-8")
	}
	return data, nil
}

// caption makes one caption of a text, "" of white space.
func (t tally) caption(data []byte, name string) (string, error) {
	data, err := unmarked(data)
	if err == nil && len(data) > maxCaptionBytes {
		err = fmt.Errorf("caption = %d bytes, want ≤ %d", len(data), maxCaptionBytes)
	}
	if err != nil {
		return "", err
	}
	s := strings.TrimSpace(strings.ToValidUTF8(string(data), "\ufffd"))
	if strings.Contains(s, "\n") {
		t.add("captions run over several lines and are taken as one", name)
	}
	if strings.Contains(s, "\ufffd") {
		t.add("captions hold bytes that are no UTF-8, shown as \ufffd", name)
	}
	return s, nil
}

// Quote shows a name so that two that look alike can be told apart.
func Quote(name string) string { return strconv.QuoteToASCII(name) }
