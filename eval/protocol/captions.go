package protocol

import (
	"fmt"

	"github.com/addlab/addlab/dataset"
)

// Prompts are captions with the real pictures they belong to.
type Prompts struct {
	Captions []string
	Images   []float32            // [n,S,S,3], the real pictures
	Stated   []dataset.Attributes // what each caption states; nil where the data does not know
}

// captionSet is captions that every model draws, with what is measured on the pictures. Another set is another entry of captionSets.
type captionSet struct {
	Prompts
	seed  int64 // added to the setup's: sets share no noise
	score func(e *Evaluator, m *Metrics, s scoredSet) error
}

// scoredSet is the pictures of a caption set as the evaluation networks see them.
type scoredSet struct {
	Prompts
	Embeddings
}

// captionSets are the held-out captions and, where data and bundle know attributes, those of compositions that training never saw.
func captionSets(data dataset.Dataset, classifies bool, setup Setup) ([]captionSet, error) {
	heldout, err := heldoutPrompts(data, 0, setup.Images)
	if err != nil {
		return nil, err
	}
	sets := []captionSet{{heldout, 0, scoreHeldout}}
	if scenes, ok := data.(*dataset.Scenes); ok && classifies {
		novel, err := takePrompts(scenes.Novel(), 0, min(manifold, setup.Images))
		if err != nil {
			return nil, err
		}
		sets = append(sets, captionSet{novel, 1, scoreNovel})
	}
	return sets, nil
}

// heldoutPrompts takes held-out samples first … first+n−1.
func heldoutPrompts(data dataset.Dataset, first, n int) (Prompts, error) {
	src := data.Heldout()
	if src.Len() < first+n {
		return Prompts{}, fmt.Errorf("protocol: %s has %d held-out pictures, want %d from number %d on: ask for fewer images", data.Name(), src.Len(), n, first)
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

// First are the first n held-out captions with their real pictures, for sample grids.
func (e *Evaluator) First(n int) Prompts {
	p := e.sets[0].Prompts
	n = min(n, len(p.Captions))
	area := len(p.Images) / len(p.Captions)
	return Prompts{Captions: p.Captions[:n], Images: p.Images[:n*area]}
}
