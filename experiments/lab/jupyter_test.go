package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script writes a shell script that stands for another program.
func script(t *testing.T, dir, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
}

func TestChooseJupyter(t *testing.T) {
	const nothing, classic, both = "exit 1", `case "$1" in nbconvert|notebook) exit 0;; esac; exit 1`, "exit 0"
	const noConvert = `[ "$1" != nbconvert ]`
	for _, c := range []struct {
		why, jupyter, wanted string
		server, said, fault  string
	}{
		{"JupyterLab before the classic notebook", both, "", "lab", "", ""},
		{"Debian's", classic, "", "notebook", "", ""},
		{"asked for by its path", classic, "here", "notebook", "", ""},
		{"asked for, but no Jupyter", nothing, "here", "", "", "it has no nbconvert"},
		{"without nbconvert", noConvert, "", "", "it has no nbconvert", "Debian: apt install jupyter-notebook"},
		{"none at all", "", "", "", "installing jupyterlab==", "Debian: apt install python3-venv"},
	} {
		t.Run(c.why, func(t *testing.T) {
			dir, cache := t.TempDir(), t.TempDir()
			if c.jupyter != "" {
				script(t, dir, "jupyter", c.jupyter)
			}
			t.Setenv("PATH", dir)
			if c.wanted != "" {
				c.wanted = filepath.Join(dir, "jupyter")
			}
			var stdout, stderr bytes.Buffer
			jupyter, server, err := setting{env: os.Environ(), convert: true}.choose(t.Context(), c.wanted, cache, &stdout, &stderr)
			switch {
			case c.fault != "":
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error = %v, want %q", err, c.fault)
				}
			case err != nil || server != c.server || jupyter != filepath.Join(dir, "jupyter"):
				t.Errorf("jupyter = %q, server = %q, error %v, want %q", jupyter, server, err, c.server)
			}
			if !strings.Contains(stdout.String(), c.said) {
				t.Errorf("said %q, want %q", &stdout, c.said)
			}
		})
	}
}
