package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
)

// sizeLimit is what a code host still shows, and a clone gladly carries, of one notebook.
const sizeLimit = 1000 << 10

// notebook is what is read of an .ipynb file.
type notebook struct {
	Cells    []cell `json:"cells"`
	Metadata struct {
		Kept kept `json:"addlab"`
	} `json:"metadata"`
}

type cell struct {
	Type    string `json:"cell_type"`
	Source  lines  `json:"source"`
	Count   *int   `json:"execution_count"`
	Outputs []struct {
		Type  string                     `json:"output_type"`
		Name  string                     `json:"name"`
		Text  lines                      `json:"text"`
		Value string                     `json:"evalue"`
		Data  map[string]json.RawMessage `json:"data"` // by media type
	} `json:"outputs"`
}

// lacks tells which pictures a cell draws that are not among its outputs: "" where none is missing.
func (c cell) lacks() string {
	want, have := 0, 0
	if c.Type == "code" {
		want = strings.Count(string(c.Source), "show.Draw(")
	}
	for _, o := range c.Outputs {
		if _, ok := o.Data["image/png"]; ok {
			have++
		}
	}
	if have >= want {
		return ""
	}
	return fmt.Sprintf("shows %d of its %d pictures", have, want)
}

// kept says what the outputs in a file came from.
type kept struct {
	Cells []string `json:"cells"` // hash of every code cell
	Scale string   `json:"scale"`
}

// lines is a text that a notebook holds as one string or as several.
type lines string

func (l *lines) UnmarshalJSON(data []byte) error {
	var many []string
	if json.Unmarshal(data, &many) == nil {
		*l = lines(strings.Join(many, ""))
		return nil
	}
	return json.Unmarshal(data, (*string)(l))
}

func readNotebook(name string, text []byte) (n notebook, err error) {
	if err := json.Unmarshal(text, &n); err != nil {
		return n, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// failure returns the first cell of an executed notebook that failed: the cell with all it said, and an error of one line.
func failure(name string, n notebook) (whole string, err error) {
	for i, cell := range n.Cells {
		said, fault := "", ""
		if lacks := cell.lacks(); lacks != "" {
			fault = "it " + lacks
		}
		for _, o := range cell.Outputs {
			switch {
			case o.Type == "stream" && o.Name == "stderr":
				said += string(o.Text)
			case o.Type == "error":
				fault = o.Value
			}
		}
		if fault == "" {
			continue
		}
		said = strings.TrimSpace(said)
		if last := said[strings.LastIndex(said, "\n")+1:]; last != "" {
			fault += ": " + last
		}
		whole = fmt.Sprintf("--- %s, cell %d ---\n%s\n--- its errors ---\n%s\n", name, i+1, cell.Source, said)
		return whole, fmt.Errorf("%s: cell %d failed: %s", name, i+1, fault)
	}
	return "", nil
}

// hashes are those of the code cells. An output depends on the cells before it too, so that any difference makes a notebook stale.
func (n notebook) hashes() (list []string) {
	for _, c := range n.Cells {
		if c.Type == "code" {
			list = append(list, fmt.Sprintf("%.6x", sha256.Sum256([]byte(c.Source))))
		}
	}
	return list
}

// stale tells what is wrong with the outputs that a file keeps: "" where they belong to its code.
func stale(n notebook) string {
	have, want := n.hashes(), n.Metadata.Kept.Cells
	if len(want) == 0 {
		return "its outputs were never kept"
	}
	for i := range max(len(have), len(want)) {
		if i >= len(have) || i >= len(want) || have[i] != want[i] {
			return fmt.Sprintf("code cell %d has changed since the outputs were kept", i+1)
		}
	}
	for i, c := range n.Cells {
		for _, o := range c.Outputs {
			if o.Type == "error" {
				return fmt.Sprintf("cell %d keeps an error: %s", i+1, o.Value)
			}
		}
		if c.Count != nil {
			return fmt.Sprintf("cell %d keeps the count of its execution, so the file was not written by lab", i+1)
		}
		if lacks := c.lacks(); lacks != "" {
			return fmt.Sprintf("cell %d %s", i+1, lacks)
		}
	}
	return ""
}
