package protocol

import (
	"fmt"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
)

// Prompts are captions with the real pictures they belong to.
type Prompts struct {
	Captions []string
	Images   []float32       // [n,S,S,3], the real pictures
	Facts    []dataset.Facts // what each caption states; nil where the data does not know
}

// captionSet is captions that every model draws, with what is measured on the pictures. Another set is another entry of captionSets.
type captionSet struct {
	Prompts
	seed     int64                   // added to the setup's: sets share no noise
	features extractor.Extractor     // of FID and what goes with it
	others   func() (Prompts, error) // real pictures beside Images, to compare with them
	score    func(e *Evaluator, m *Metrics, reference, s scoredSet) error

	compared  bool
	reference scoredSet // of Images, where it is compared
}

// scoredSet is the pictures of a caption set as the evaluation networks see them.
type scoredSet struct {
	Prompts
	Embeddings
}

// captionSets are the held-out captions and, where data and bundle know attributes, those of compositions that training never saw and
// those that state everything.
func (e *Evaluator) captionSets() ([]captionSet, error) {
	heldout, err := heldoutPrompts(e.data, e.Setup.First, e.Setup.Images)
	if err != nil {
		return nil, err
	}
	sets := []captionSet{{Prompts: heldout, features: e.extractors.Features, others: e.moreHeldout, score: scoreHeldout, compared: true}}
	world, ok := e.data.(dataset.Labelled)
	if !ok || !e.extractors.classifies {
		return sets, nil
	}
	novel, err := takePrompts(world.Labels("novel"), e.Setup.First, min(manifold, e.Setup.Images))
	if err != nil {
		return nil, err
	}
	sets = append(sets, captionSet{Prompts: novel, seed: 1, features: e.extractors.Features, others: func() (Prompts, error) { return novel, nil }, score: scoreNovel})
	first, n := e.Setup.First, e.Setup.Images
	stated, err := takePrompts(world.Labels("stated"), first, n)
	if err != nil {
		return nil, err
	}
	return append(sets, captionSet{Prompts: stated, seed: 2, features: e.extractors.drawing, others: func() (Prompts, error) { return takePrompts(world.Labels("stated"), first+n, n) }, score: scoreStated, compared: true}), nil
}

// moreHeldout are the held-out pictures after those that models are compared with.
func (e *Evaluator) moreHeldout() (Prompts, error) {
	used := e.Setup.First + e.Setup.Images
	n := min(e.Setup.Images, e.data.Heldout().Len()-used)
	if least := 2 * e.Setup.Blocks; n < least {
		return Prompts{}, fmt.Errorf("protocol: %s has %d held-out pictures, want %d or more: beside the reference of %d, two for each of %d blocks",
			e.data.Name(), e.data.Heldout().Len(), used+least, e.Setup.Images, e.Setup.Blocks)
	}
	return heldoutPrompts(e.data, used, n)
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
	world, known := src.(dataset.LabelledSource)
	for i := first; i < first+n; i++ {
		sample, err := src.Sample(i)
		if err != nil {
			return p, err
		}
		p.Captions = append(p.Captions, sample.Caption)
		p.Images = append(p.Images, sample.Image.Pix...)
		if known {
			p.Facts = append(p.Facts, world.Facts(i))
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
