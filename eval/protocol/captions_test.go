package protocol

import (
	"slices"
	"testing"

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
