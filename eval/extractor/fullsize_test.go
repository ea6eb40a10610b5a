package extractor

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
)

// fullSizeEnv names the folder that testdata/fullsize.py makes: random weights of full size, and what the reference
// implementations, whose versions stand there, say with them.
const fullSizeEnv = "ADDLAB_FULLSIZE_EXTRACTORS"

type fullSize struct {
	Pictures     [][2]int
	CaptionTexts []string
	Modes        map[string]struct{ Features, Logits, Captions [][]float64 }
}

func TestFullSizeEqualsTheReferences(t *testing.T) {
	root := os.Getenv(fullSizeEnv)
	if root == "" {
		t.Skipf("%s is not set: want the folder that testdata/fullsize.py makes (up to 6 GB a network)", fullSizeEnv)
	}
	e, err := engine.Open(t.Context(), "", os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	folders, err := filepath.Glob(filepath.Join(root, "*", "want.json"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no */want.json in %s (%v)", root, err)
	}
	for _, file := range folders {
		kind := filepath.Base(filepath.Dir(file))
		t.Run(kind, func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want fullSize
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			for mode := range want.Modes {
				want.check(t, e, kind, mode, filepath.Dir(file))
			}
		})
	}
}

func (want fullSize) check(t *testing.T, e *engine.Engine, kind, mode, dir string) {
	k, err := ByName(kind)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	x, err := k.Open(t.Context(), Options{Engine: on(e), Weights: dir, Mode: mode, Batch: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	t.Logf("%s, opened in %.1f s", x.Name(), time.Since(start).Seconds())
	var pictures []RGB
	for i, p := range want.Pictures {
		pictures = append(pictures, picture(p[0], p[1], i))
	}
	start = time.Now()
	out, err := x.Extract(t.Context(), pictures)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pictures in %.1f s, compilation included, on %s", len(pictures), time.Since(start).Seconds(), e.Name)
	w := want.Modes[mode]
	closeTo(t, mode+" features", w.Features, out.Features)
	if w.Logits != nil {
		closeTo(t, mode+" logits", w.Logits, out.Logits)
	}
	if w.Captions != nil {
		captions, err := x.(Captioner).Captions(t.Context(), want.CaptionTexts)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, mode+" captions", w.Captions, captions)
	}
}

// closeTo wants every row within 1e-4 of its norm, and every value within 1e-4 of the row's largest.
func closeTo(t *testing.T, what string, want [][]float64, got eval.Features) {
	t.Helper()
	if got.N != len(want) || got.D != len(want[0]) {
		t.Fatalf("%s = [%d,%d], want [%d,%d]", what, got.N, got.D, len(want), len(want[0]))
	}
	norm, most := 0.0, 0.0
	for i, row := range want {
		var diff, size, far, largest float64
		for j, w := range row {
			d := float64(got.Row(i)[j]) - w
			diff, size = diff+d*d, size+w*w
			far, largest = max(far, math.Abs(d)), max(largest, math.Abs(w))
		}
		norm, most = max(norm, math.Sqrt(diff/size)), max(most, far/largest)
	}
	t.Logf("%s: rows differ by at most %.1e of their norm, values by %.1e of the largest", what, norm, most)
	if !(norm <= 1e-4 && most <= 1e-4) {
		t.Errorf("%s: rows differ by %g of their norm, values by %g of the largest, want ≤ 1e-4", what, norm, most)
	}
}
