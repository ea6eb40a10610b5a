package edm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/engine"
)

// TestFullSizeEqualsNVIDIAs draws with the networks that testdata/fullsize.py made in the folder ADDLAB_FULLSIZE_EDM, on the best engine
// here.
func TestFullSizeEqualsNVIDIAs(t *testing.T) {
	folder := os.Getenv("ADDLAB_FULLSIZE_EDM")
	files, _ := filepath.Glob(filepath.Join(folder, "*.pkl"))
	if folder == "" {
		t.Skip("ADDLAB_FULLSIZE_EDM names no folder with networks of full size")
	}
	if len(files) == 0 {
		t.Fatalf("ADDLAB_FULLSIZE_EDM = %s, want a folder that testdata/fullsize.py filled", folder)
	}
	e, err := engine.Open(t.Context(), "", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(strings.TrimSuffix(file, ".pkl") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want []float32
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			m, err := Open(file)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			p, err := m.Load(e.Backend)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			t.Logf("loaded in %v", time.Since(began))
			got, err := p.Draw(t.Context(), Request{Classes: []int{7}, Steps: 2, Noise: noise})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("drawn in %v", p.Spent)
			near(t, "picture", want, got, 1e-3)
		})
	}
}
