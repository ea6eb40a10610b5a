package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestWrongCalls(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	busy := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"a busy port", []string{"--port", busy}, "port " + busy + " is in use"},
		{"a port that is none", []string{"--port", "0"}, "port = 0"},
		{"write alone", []string{"--write"}, "write goes with --execute"},
		{"a notebook without --execute", []string{"01.ipynb"}, "want notebooks with --execute"},
		{"a notebook that is not there", []string{"--execute", "none.ipynb"}, `notebook = "none.ipynb"`},
		{"a file that is no notebook", []string{"--execute", text}, "want an .ipynb file"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := command().Run(t.Context(), c.args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("rc = %d, stderr = %q, want 1 and %q", rc, &stderr, c.want)
			}
		})
	}
}

func TestFailureNamesTheCell(t *testing.T) {
	const text = `{"cells": [
		{"cell_type": "markdown", "source": ["# A\n", "title"]},
		{"cell_type": "code", "source": "x := 1", "outputs": [
			{"output_type": "stream", "name": "stderr", "text": ["cell.go:1\n", "declared and not used\n"]},
			{"output_type": "error", "evalue": "exit status 1"}]}]}`
	n, err := readNotebook("01.ipynb", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := failure("01.ipynb", n)
	if err == nil || err.Error() != "01.ipynb: cell 2 failed: exit status 1: declared and not used" {
		t.Errorf("error = %v, want one line that names the cell", err)
	}
	for _, want := range []string{"01.ipynb, cell 2", "x := 1", "cell.go:1\ndeclared and not used"} {
		if !strings.Contains(whole, want) {
			t.Errorf("%s, want %q in it", whole, want)
		}
	}
	n.Cells = n.Cells[:1]
	if _, err := failure("01.ipynb", n); err != nil {
		t.Error(err)
	}
}

// The kernel loses what a cell's program has not handed over before it ends, and says nothing.
func TestLostPicturesAreAFailure(t *testing.T) {
	const text = `{"cells": [{"cell_type": "code", "source": "show.Draw(a)\nshow.Draw(b)", "outputs": [
		{"output_type": "display_data", "data": {"image/png": "iVBO"}},
		{"output_type": "display_data", "data": {"text/html": "<p>"}}]}]}`
	n, err := readNotebook("01.ipynb", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := failure("01.ipynb", n); err == nil || err.Error() != "01.ipynb: cell 1 failed: it shows 1 of its 2 pictures" {
		t.Errorf("error = %v, want the picture that is missing", err)
	}
}
