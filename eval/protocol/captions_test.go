package protocol

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
)

func TestPromptsAndPictures(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "pair"), tinyworld.New(), tinySetup())
	for _, test := range []struct{ ask, want int }{{3, 3}, {10, 10}, {50, 10}} {
		p := e.First(test.ask)
		if len(p.Captions) != test.want || len(p.Images) != test.want*tinyArea {
			t.Errorf("%d prompts asked: %d captions, %d values, want %d pictures", test.ask, len(p.Captions), len(p.Images), test.want)
		}
		for i, caption := range p.Captions {
			sample, err := tinyworld.New().Heldout().Sample(i)
			if err != nil || sample.Caption != caption || !slices.Equal(sample.Image.Pix, p.Images[i*tinyArea:(i+1)*tinyArea]) {
				t.Errorf("prompt %d is not held-out sample %d (error %v)", i, i, err)
			}
		}
	}
	wild := make([]float32, 2*tinyArea)
	wild[0], wild[1], wild[tinyArea] = -2, 0.5, 1.5
	pictures := e.Pictures(wild)
	if len(pictures) != 2 || pictures[0].Size != tinyworld.Size || pictures[0].Pix[0] != -1 || pictures[0].Pix[1] != 0.5 || pictures[1].Pix[0] != 1 {
		t.Errorf("pictures = %v", pictures)
	}
	if wild[0] != -2 {
		t.Error("the flat pictures themselves were clipped")
	}
}

// What captions state comes along with them, from the same samples.
func TestHeldoutPrompts(t *testing.T) {
	p, err := takePrompts(tinyworld.New().Heldout(), 5, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		_, caption, stated := tinyworld.New().Split("heldout").Scene(5 + i)
		if got := p.Facts[i].States; p.Captions[i] != caption || !slices.Equal(got, stated[:]) {
			t.Errorf("prompt %d: %q stating %v, want %q stating %v", i, p.Captions[i], got, caption, stated)
		}
	}
	if p, err = takePrompts(tinyworld.Album(9).Heldout(), 5, 4); err != nil || p.Facts != nil || len(p.Captions) != 4 {
		t.Errorf("album: %d captions, stated %v, error %v", len(p.Captions), p.Facts, err)
	}
}

// Pictures that are drawn and embedded in parts get the same metrics, and only the first of them are kept.
func TestPicturesInParts(t *testing.T) {
	sampling := pipeline.FewSteps("", []int{1000}, 1, "")
	metrics := func(most int) (real, drawn Metrics, e *Evaluator) {
		e = newTest(t, tinybundle.Load(t, "pair", "classifier", "text", "teacher"), tinyworld.New(), tinySetup())
		e.most = most
		real, err := e.EvaluateReal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		drawn, _, err = e.Evaluate(t.Context(), sampling)
		if err != nil {
			t.Fatal(err)
		}
		real.Seconds, real.MillisPerImage, drawn.Seconds, drawn.MillisPerImage = 0, 0, 0, 0
		return real, drawn, e
	}
	real, drawn, whole := metrics(1 << 26)
	realParts, drawnParts, parts := metrics(3 * tinyArea)
	if whole.part() <= 10 || parts.part() != 3 {
		t.Fatalf("parts of %d and %d pictures, want one of all 10, and 3", whole.part(), parts.part())
	}
	if diff := cmp.Diff(real, realParts, cmpopts.EquateApprox(1e-5, 1e-6)); diff != "" {
		t.Errorf("real pictures (-whole +parts):\n%s", diff)
	}
	if diff := cmp.Diff(drawn, drawnParts, cmpopts.EquateApprox(1e-5, 1e-6)); diff != "" {
		t.Errorf("drawn pictures (-whole +parts):\n%s", diff)
	}
	if kept := parts.keep(make([]float32, (shown-1)*tinyArea), make([]float32, 3*tinyArea)); len(kept) != shown*tinyArea {
		t.Errorf("%d values are kept, want %d pictures", len(kept), shown)
	}
}
