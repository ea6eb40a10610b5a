package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ScanMetadata calls visit with every line {"file_name": …, "text": …} of a metadata.jsonl, as it is written; empty lines are passed
// over. An error, visit's own too, begins with the number of the line.
func ScanMetadata(r io.Reader, visit func(name, text string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(line) == 0 {
			continue
		}
		if err := visitRow(line, visit); err != nil {
			return fmt.Errorf("%d: %w, want %s", n, err, metadataLines)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%d: %w, want %s", n+1, err, metadataLines)
	}
	return nil
}

func visitRow(line []byte, visit func(name, text string) error) error {
	var row struct {
		FileName *string `json:"file_name"`
		Text     *string `json:"text"`
	}
	if err := json.Unmarshal(line, &row); err != nil {
		return err
	}
	switch {
	case row.FileName == nil:
		return errors.New("no file_name")
	case row.Text == nil:
		return errors.New("no text")
	}
	return visit(*row.FileName, *row.Text)
}
