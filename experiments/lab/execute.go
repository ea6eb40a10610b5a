package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// execute runs notebooks one after the other in the order of their names.
func (s setting) execute(ctx context.Context, o options, stdout io.Writer) error {
	names := o.notebooks
	if len(names) == 0 {
		var err error
		if names, err = filepath.Glob(filepath.Join(s.root, "notebooks", "[0-9]*.ipynb")); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("no notebooks in %s", filepath.Join(s.root, "notebooks"))
	}
	out, err := os.MkdirTemp("", "addlab-notebooks-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	for _, name := range names {
		began := time.Now()
		if err := s.executeOne(ctx, name, out); err != nil {
			return err
		}
		if o.write {
			executed, err := os.ReadFile(filepath.Join(out, filepath.Base(name)))
			if err != nil {
				return err
			}
			if executed, err = normalise(executed); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err := os.WriteFile(name, executed, 0o666); err != nil {
				return err
			}
		}
		fmt.Fprintf(stdout, "%s: executed in %s\n", filepath.Base(name), time.Since(began).Round(time.Second))
	}
	return nil
}

func (s setting) executeOne(ctx context.Context, name, out string) error {
	cmd := s.command(ctx, s.jupyter, "nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--output-dir", out, name,
		"--ExecutePreprocessor.timeout=600", "--ExecutePreprocessor.kernel_name=gonb", "--ExecutePreprocessor.record_timing=False")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: nbconvert: %w\n%s", name, err, text)
	}
	// Errors are allowed above so that the file with their text is there: nbconvert itself loses it.
	text, err := os.ReadFile(filepath.Join(out, filepath.Base(name)))
	if err != nil {
		return err
	}
	return failure(name, text)
}

// notebook is what is read of an .ipynb file.
type notebook struct {
	Cells []struct {
		Type    string `json:"cell_type"`
		Source  lines  `json:"source"`
		Outputs []struct {
			Type  string `json:"output_type"`
			Name  string `json:"name"`
			Text  lines  `json:"text"`
			Value string `json:"evalue"`
		} `json:"outputs"`
	} `json:"cells"`
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

// failure tells which cell of an executed notebook failed, and what it said.
func failure(name string, text []byte) error {
	var n notebook
	if err := json.Unmarshal(text, &n); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i, cell := range n.Cells {
		said := ""
		for _, o := range cell.Outputs {
			if o.Type == "stream" && o.Name == "stderr" {
				said += string(o.Text)
			}
			if o.Type == "error" {
				return fmt.Errorf("%s: cell %d failed: %s\n%s\n%s", name, i+1, o.Value, cell.Source, said)
			}
		}
	}
	return nil
}

// normalise takes out of an executed notebook what differs from one execution to the next.
func normalise(text []byte) ([]byte, error) {
	var n map[string]any
	if err := json.Unmarshal(text, &n); err != nil {
		return nil, err
	}
	cells, _ := n["cells"].([]any)
	for _, c := range cells {
		cell, _ := c.(map[string]any)
		if _, code := cell["execution_count"]; code {
			cell["execution_count"] = nil
		}
		outputs, _ := cell["outputs"].([]any)
		for _, o := range outputs {
			if output, ok := o.(map[string]any); ok && output["execution_count"] != nil {
				output["execution_count"] = nil
			}
		}
	}
	out, err := json.MarshalIndent(n, "", " ")
	return append(out, '\n'), err
}
