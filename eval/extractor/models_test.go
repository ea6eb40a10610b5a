package extractor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/network/weights"
)

var openEngine = sync.OnceValues(func() (*engine.Engine, error) { return engine.Open(context.Background(), "go", nil) })

// options are for the pure Go engine.
func options(t testing.TB, file string) Options {
	t.Helper()
	e, err := openEngine()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Engine: on(e), Weights: file}
}

func on(e *engine.Engine) func(context.Context) (compute.Backend, error) {
	return func(context.Context) (compute.Backend, error) { return e.Backend, nil }
}

// smallModels is what testdata/models.py wrote; it names the versions.
type smallModels struct {
	Pictures [][2]int
	Captions []string
	Models   map[string]smallModel
}

type smallModel struct {
	Shapes             map[string][]int
	Features, Captions [][]float64
	Logits             [][]float64
}

func readModels(t testing.TB) (m smallModels) {
	t.Helper()
	readJSON(t, "testdata/models.json", &m)
	return m
}

func readJSON(t testing.TB, file string, v any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

func (m smallModels) pictures() (all []RGB) {
	for k, p := range m.Pictures {
		all = append(all, picture(p[0], p[1], k))
	}
	return all
}

// weights are those of testdata/models.py.
func (m smallModel) weights() *weights.File {
	f := &weights.File{Tensors: map[string]weights.Tensor{}}
	for k, name := range slices.Sorted(maps.Keys(m.Shapes)) {
		shape, n := m.Shapes[name], 1
		for _, d := range shape {
			n *= d
		}
		scale, shift := 0.1, 0.0
		if len(shape) > 1 {
			scale = math.Sqrt(3 * float64(shape[0]) / float64(n))
		} else if len(shape) == 1 && (strings.HasSuffix(name, "weight") || strings.HasSuffix(name, "running_var")) {
			shift = 1
		}
		x := make([]float32, n)
		for i := range x {
			h := uint32(i)*374761393 + uint32(k)*668265263
			h = (h ^ h>>13) * 1274126177
			h ^= h >> 16
			x[i] = float32((float64(h)/(1<<31)-1)*scale + shift)
		}
		f.Tensors[name] = weights.Tensor{Shape: shape, Data: x}
	}
	return f
}

// write puts the weights into a folder of their own, with CLIP's vocabulary beside them.
func (m smallModel) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := weights.Write(filepath.Join(dir, "model.safetensors"), m.weights(), weights.F32); err != nil {
		t.Fatal(err)
	}
	// The merges that the tokenizer's own test needs, among pairs that no caption has.
	var g struct {
		Ranks  []int
		Merges string
	}
	readJSON(t, "../../network/tokenizer/testdata/clip.json", &g)
	lines := make([]string, tokenizer.CLIPBegin-512)
	for i := range lines {
		lines[i] = fmt.Sprintf("%dx %dy", i, i)
	}
	for i, line := range strings.Split(g.Merges, "\n") {
		lines[g.Ranks[i]] = line
	}
	text := "#version: 0.2\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "merges.txt"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// smallCLIP is the model of testdata/models.py.
func smallCLIP(quick bool) clipSpec {
	return clipSpec{
		name:   "small",
		vision: network.CLIPVisionConfig{ImageSize: 16, Patch: 4, Width: 16, MLP: 40, Layers: 2, Heads: 2, Projection: 12, QuickGELU: quick},
		text: network.TextConfig{
			Vocabulary: 49408, Context: 77, Width: 16, Layers: 2, Heads: 2, Projection: 12, QuickGELU: quick, KeyBias: true, End: tokenizer.CLIPEnd,
		},
		source: source{files: []string{"model.safetensors"}}, batch: 4,
	}
}

func TestSmallCLIPsEqualOpenCLIPAndTransformers(t *testing.T) {
	all := readModels(t)
	for name, quick := range map[string]bool{"open_clip": false, "openai": true, "transformers": true} {
		t.Run(name, func(t *testing.T) {
			m := all.Models[name]
			x, err := smallCLIP(quick).open(t.Context(), options(t, m.write(t)))
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			out, err := x.Extract(t.Context(), all.pictures())
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "features", m.Features, out.Features)
			captions, err := x.(Captioner).Captions(t.Context(), all.Captions)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "captions", m.Captions, captions)
		})
	}
}

// Pictures need no vocabulary; where captions will come, it is missed before the weights are read and hours of pictures are seen.
func TestAMissingVocabularyIsFoundBeforeThePictures(t *testing.T) {
	dir := readModels(t).Models["openai"].write(t)
	if err := os.Remove(filepath.Join(dir, "merges.txt")); err != nil {
		t.Fatal(err)
	}
	x, err := smallCLIP(true).open(t.Context(), options(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	_, err = x.(Captioner).Captions(t.Context(), []string{"a ring"})
	wantError(t, err, "no vocabulary of CLIP in "+dir)
	o := options(t, dir)
	o.Captions, o.Engine = true, func(context.Context) (compute.Backend, error) { return nil, errors.New("weights were read") }
	_, err = smallCLIP(true).open(t.Context(), o)
	wantError(t, err, "no vocabulary of CLIP in "+dir)
}

var smallDINOv2 = network.ViTConfig{ImageSize: 16, Patch: 4, Width: 16, Depth: 2, Heads: 2, Stem: "patch", LayerScale: true, KeyBias: true, Grid: 5}

func openSmallDINOv2(t testing.TB, o Options) (Extractor, error) {
	return openDINOv2("small", smallDINOv2, "small", "nobody/small", 4)(t.Context(), o)
}

func TestSmallDINOv2EqualsTransformers(t *testing.T) {
	all := readModels(t)
	m := all.Models["dinov2"]
	x, err := openSmallDINOv2(t, options(t, m.write(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	out, err := x.Extract(t.Context(), all.pictures())
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "features", m.Features, out.Features)
}
