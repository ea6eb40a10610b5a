package latent

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/engine"
)

// TestFullSizeEqualsDiffusers draws with the models that testdata/fullsize.py made in the folder ADDLAB_FULLSIZE, on the best engine here.
func TestFullSizeEqualsDiffusers(t *testing.T) {
	folder := os.Getenv("ADDLAB_FULLSIZE")
	wants, _ := filepath.Glob(filepath.Join(folder, "*", "want.json"))
	if folder == "" {
		t.Skip("ADDLAB_FULLSIZE names no folder with models of full size")
	}
	if len(wants) == 0 {
		t.Fatalf("ADDLAB_FULLSIZE = %s, want a folder that testdata/fullsize.py filled", folder)
	}
	e, err := engine.Open(t.Context(), "", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, file := range wants {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Prompt           string
				Latents, Picture []float32
			}
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			m, err := Open(t.Context(), filepath.Dir(file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			p, err := m.Load(e.Backend)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			t.Logf("loaded in %v; %s", time.Since(began), memory())
			got, err := p.Draw(t.Context(), Request{
				Prompts: []string{want.Prompt}, Steps: 1, Size: int(math.Sqrt(float64(len(want.Picture) / 3))), Noise: func(int, int, int) []float32 { return want.Latents },
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("drawn in %v; %s", p.Spent, memory())
			near(t, want.Picture, got, 1e-3)
		})
	}
}

// memory is what Linux says of this process: VmHWM is its peak.
func memory() string {
	status, _ := os.ReadFile("/proc/self/status")
	var said []string
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM") || strings.HasPrefix(line, "VmRSS") {
			said = append(said, strings.Join(strings.Fields(line), " "))
		}
	}
	runtime.GC()
	return strings.Join(said, ", ")
}
