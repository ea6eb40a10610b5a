package protocol

import (
	"fmt"

	"github.com/addlab/addlab/dataset"
)

// Prompts are held-out captions with the real pictures they belong to.
type Prompts struct {
	Captions []string
	Images   []float32            // [n,S,S,3], the real pictures
	Stated   []dataset.Attributes // what each caption states; nil where the data does not know
}

// drawPrompts takes held-out samples first … first+n−1.
func drawPrompts(data dataset.Dataset, first, n int) (Prompts, error) {
	src := data.Heldout()
	if src.Len() < first+n {
		return Prompts{}, fmt.Errorf("score: %s has %d held-out pictures, want %d from number %d on: ask for fewer images", data.Name(), src.Len(), n, first)
	}
	return takePrompts(src, first, n)
}

func takePrompts(src dataset.Source, first, n int) (p Prompts, err error) {
	scenes, known := src.(dataset.SceneSource)
	for i := first; i < first+n; i++ {
		sample, err := src.Sample(i)
		if err != nil {
			return p, err
		}
		p.Captions = append(p.Captions, sample.Caption)
		p.Images = append(p.Images, sample.Image.Pix...)
		if known {
			_, _, stated := scenes.Scene(i)
			p.Stated = append(p.Stated, stated)
		}
	}
	return p, nil
}
