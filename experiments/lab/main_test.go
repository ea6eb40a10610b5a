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
			if rc := run(t.Context(), c.args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("rc = %d, stderr = %q, want 1 and %q", rc, &stderr, c.want)
			}
		})
	}
}

func TestFailureNamesTheCell(t *testing.T) {
	const text = `{"cells": [
		{"cell_type": "markdown", "source": ["# A\n", "title"]},
		{"cell_type": "code", "source": "x := 1", "outputs": [
			{"output_type": "stream", "name": "stderr", "text": ["declared and not used"]},
			{"output_type": "error", "evalue": "exit status 1"}]}]}`
	err := failure("01.ipynb", []byte(text))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"01.ipynb", "cell 2", "exit status 1", "x := 1", "declared and not used"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	if err := failure("01.ipynb", []byte(`{"cells": [{"cell_type": "code", "source": "", "outputs": []}]}`)); err != nil {
		t.Error(err)
	}
}

func TestNormaliseForgetsCounts(t *testing.T) {
	const text = `{"cells": [{"cell_type": "code", "execution_count": 7, "outputs": [{"execution_count": 7, "output_type": "execute_result"}]}, {"cell_type": "markdown"}]}`
	got, err := normalise([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got), "7") || strings.Count(string(got), "execution_count") != 2 {
		t.Errorf("normalised:\n%s\nwant both counts empty and none added", got)
	}
	again, err := normalise(got)
	if err != nil || !bytes.Equal(got, again) {
		t.Errorf("a second time it changes: %v", err)
	}
}
