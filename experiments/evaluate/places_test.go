package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A place that was named is remembered; one that was asked for too; and only a person is asked.
func TestPlacesOfWeightsAreRemembered(t *testing.T) {
	alone(t)
	p, err := readPlaces()
	if err != nil || len(p.known) != 0 {
		t.Fatalf("places = %v, %v, want none", p.known, err)
	}
	file := filepath.Join(t.TempDir(), "w.safetensors")
	put(t, file, "x")
	if err := p.remember("inception", file); err != nil {
		t.Fatal(err)
	}
	if p, err = readPlaces(); err != nil || p.find("inception") != file {
		t.Errorf("place = %q, %v, want %q", p.find("inception"), err, file)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if p.find("inception") != "" {
		t.Error("a place where nothing is any more was given")
	}

	// The weights that a person names are tried; here they are none.
	asked := ""
	o := options{names: "fid", engine: "go", format: "text", confidence: 0.95, inputs: []string{album(t, 4, 1, false), album(t, 4, 2, false)}}
	o.ask = func(question string) (string, bool) { asked = question; put(t, file, "no weights"); return file, true }
	var stdout, stderr bytes.Buffer
	err = evaluate(t.Context(), o, &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), "inception") || !strings.Contains(asked, "weights of inception") {
		t.Errorf("asked %q, error = %v, want a question and a refusal of the answer", asked, err)
	}
	if _, ok := askOnTerminal("?"); ok {
		t.Error("asked without a terminal")
	}
}
