package extractor

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
)

const shipped = "../../pretrained/scenes"

// drawScenes are n held-out scenes in 8 bits with their captions and attributes.
func drawScenes(t testing.TB, n int) (pictures []RGB, captions []string, attributes []dataset.Attributes) {
	t.Helper()
	world := &dataset.Scenes{Config: dataset.DefaultScenes()}
	for i := range n {
		scene, caption, _ := world.Split("heldout").Scene(i)
		m := scene.Draw(32)
		p := RGB{Width: 32, Height: 32, Pix: make([]uint8, len(m.Pix))}
		for k, v := range m.Pix {
			p.Pix[k] = uint8(math.Round(127.5 * (float64(v) + 1)))
		}
		pictures, captions, attributes = append(pictures, p), append(captions, caption), append(attributes, scene.Attributes())
	}
	return pictures, captions, attributes
}

// fastEngine is one that is here already: in pure Go the shipped networks take seconds for a picture.
func fastEngine(t testing.TB) *engine.Engine {
	t.Helper()
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	e, err := engine.Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	if e.Name == "go" {
		t.Skip("no fast engine here")
	}
	return e
}

func openShipped(t testing.TB, k Kind, batch int) Extractor {
	t.Helper()
	x, err := k.Open(t.Context(), Options{Engine: on(fastEngine(t)), Weights: shipped, Batch: batch})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x
}

func extract(t testing.TB, x Extractor, pictures []RGB) Output {
	t.Helper()
	out, err := x.Extract(t.Context(), pictures)
	if err != nil {
		t.Fatal(err)
	}
	if out.Features.N != len(pictures) {
		t.Fatalf("features = %d, want %d", out.Features.N, len(pictures))
	}
	return out
}

func TestScenesFeaturesDoNotDependOnTheBatch(t *testing.T) {
	pictures, _, _ := drawScenes(t, 7)
	want := extract(t, openShipped(t, Scenes, 7), pictures)
	x := openShipped(t, Scenes, 3)
	reversed := slices.Clone(pictures)
	slices.Reverse(reversed)
	got := extract(t, x, reversed)
	for i := range want.Features.N {
		for j, v := range want.Features.Row(i) {
			if w := got.Features.Row(6 - i)[j]; math.Abs(float64(v-w)) > 1e-4*(1+math.Abs(float64(v))) {
				t.Fatalf("picture %d, feature %d = %g, want %g", i, j, w, v)
			}
		}
	}
	if none := rawExtract(t, x, nil); none.Features.N != 0 {
		t.Errorf("features of no picture = %d", none.Features.N)
	}
}

func rawExtract(t testing.TB, x Extractor, pictures []RGB) Output {
	t.Helper()
	out, err := x.Extract(t.Context(), pictures)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The logits name shape and colour of the first object.
func TestScenesLogitsNameTheFirstObject(t *testing.T) {
	const n = 40
	pictures, _, attributes := drawScenes(t, n)
	out := extract(t, openShipped(t, Scenes, 40), pictures)
	shape, color := slices.Index(dataset.AttributeNames, "first shape"), slices.Index(dataset.AttributeNames, "first color")
	colors := dataset.AttributeClasses[color]
	right := 0
	for i := range n {
		row := out.Logits.Row(i)
		best := slices.Index(row, slices.Max(row))
		if best/colors == attributes[i][shape] && best%colors == attributes[i][color] {
			right++
		}
	}
	if right < n-3 {
		t.Errorf("%d of %d first objects named right, want nearly all", right, n)
	}
}

// Pictures agree more with their own captions than with each other's.
func TestScenesPairKnowsItsCaptions(t *testing.T) {
	const n = 30
	pictures, captions, _ := drawScenes(t, n)
	x := openShipped(t, ScenesPair, 16).(Captioner)
	images := extract(t, x, pictures).Features
	texts, err := x.Captions(t.Context(), captions)
	if err != nil {
		t.Fatal(err)
	}
	own, err := eval.CLIPScore(images, texts)
	if err != nil {
		t.Fatal(err)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = (i + 1) % n
	}
	others, err := eval.CLIPScore(images, texts.Subset(order))
	if err != nil {
		t.Fatal(err)
	}
	if own.Mean < others.Mean+0.3 {
		t.Errorf("CLIP score with own captions %g, with others' %g: want a clear difference", own.Mean, others.Mean)
	}
}

// Pictures of other sizes are cropped to their centre and resized as the datasets are.
func TestScenesTakeOtherSizes(t *testing.T) {
	pictures, _, _ := drawScenes(t, 1)
	small := pictures[0]
	large := RGB{Width: 80, Height: 64, Pix: make([]uint8, 80*64*3)}
	for y := range 64 {
		for x := range 80 {
			if inside := x - 8; inside >= 0 && inside < 64 {
				copy(large.Pix[3*(y*80+x):][:3], small.Pix[3*((y/2)*32+inside/2):])
			}
		}
	}
	out := extract(t, openShipped(t, Scenes, 2), []RGB{small, large})
	a, b := out.Features.Row(0), out.Features.Row(1)
	var dot, aa, bb float64
	for i := range a {
		dot, aa, bb = dot+float64(a[i]*b[i]), aa+float64(a[i]*a[i]), bb+float64(b[i]*b[i])
	}
	if cosine := dot / math.Sqrt(aa*bb); cosine < 0.97 {
		t.Errorf("cosine of a picture's features and those of its enlargement = %g, want > 0.97", cosine)
	}
}

func TestScenesWithoutABundle(t *testing.T) {
	for _, k := range []Kind{Scenes, ScenesPair} {
		_, err := k.Open(t.Context(), Options{Weights: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), "no pretrained networks") {
			t.Errorf("%s: error = %v, want that there are no networks", k.Name, err)
		}
	}
}
