package protocol

import (
	"fmt"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
)

// Prompts are captions with the real pictures they belong to.
type Prompts struct {
	Captions []string
	Images   []float32       // [n,S,S,3], the real pictures, or the first of them
	Facts    []dataset.Facts // what each caption states; nil where the data does not know
}

// shown is how many pictures stay after they are embedded, for sample grids: all of them may be large.
const shown = 64

// reals are n pictures of a source, from number first on.
type reals struct {
	source   dataset.Source
	first, n int
}

// captionSet is captions that every model draws, with what is measured on the pictures. Another set is another entry of captionSets.
type captionSet struct {
	Prompts
	seed     int64                 // added to the setup's: sets share no noise
	features extractor.Extractor   // of FID and what goes with it
	others   func() (reals, error) // real pictures beside the set's own, to compare with them
	score    func(e *Evaluator, m *Metrics, reference, s scoredSet) error

	own       reals     // of the captions
	compared  bool      // with these
	reference scoredSet // of them, where it is compared
}

// scoredSet is the pictures of a caption set as the evaluation networks see them.
type scoredSet struct {
	Prompts
	Embeddings
}

// captionSets are the held-out captions and, where data and bundle know attributes, those of compositions that training never saw and
// those that state everything. Their prompts are read later.
func (e *Evaluator) captionSets() ([]captionSet, error) {
	first, n, heldout := e.Setup.First, e.Setup.Images, e.data.Heldout()
	if heldout.Len() < first+n {
		return nil, fmt.Errorf("protocol: %s has %d held-out pictures, want %d from number %d on: ask for fewer images", e.data.Name(), heldout.Len(), n, first)
	}
	sets := []captionSet{{own: reals{heldout, first, n}, features: e.extractors.Features, others: e.moreHeldout, score: scoreHeldout, compared: true}}
	world, ok := e.data.(dataset.Labelled)
	if !ok || !e.extractors.classifies {
		return sets, nil
	}
	novel := reals{world.Labels("novel"), first, min(manifold, n)}
	stated := world.Labels("stated")
	return append(sets,
		captionSet{own: novel, seed: 1, features: e.extractors.Features, others: func() (reals, error) { return novel, nil }, score: scoreNovel},
		captionSet{own: reals{stated, first, n}, seed: 2, features: e.extractors.drawing, others: func() (reals, error) { return reals{stated, first + n, n}, nil }, score: scoreStated, compared: true}), nil
}

// moreHeldout are the held-out pictures after those that models are compared with.
func (e *Evaluator) moreHeldout() (reals, error) {
	used := e.Setup.First + e.Setup.Images
	n := min(e.Setup.Images, e.data.Heldout().Len()-used)
	if least := 2 * e.Setup.Blocks; n < least {
		return reals{}, fmt.Errorf("protocol: %s has %d held-out pictures, want %d or more: beside the reference of %d, two for each of %d blocks",
			e.data.Name(), e.data.Heldout().Len(), used+least, e.Setup.Images, e.Setup.Blocks)
	}
	return reals{e.data.Heldout(), used, n}, nil
}

func takePrompts(src dataset.Source, first, n int) (p Prompts, err error) {
	world, known := src.(dataset.LabelledSource)
	for i := first; i < first+n; i++ {
		sample, err := src.Sample(i)
		if err != nil {
			return p, err
		}
		if p.Images == nil {
			p.Images = make([]float32, 0, n*len(sample.Image.Pix))
		}
		p.Captions = append(p.Captions, sample.Caption)
		p.Images = append(p.Images, sample.Image.Pix...)
		if known {
			p.Facts = append(p.Facts, world.Facts(i))
		}
	}
	return p, nil
}

// read takes the captions of pictures, in parts that fit memory, and the first pictures; each is called with every part.
func (e *Evaluator) read(r reals, each func(part Prompts) error) (all Prompts, err error) {
	for from := 0; from < r.n; from += e.part() {
		part, err := takePrompts(r.source, r.first+from, min(e.part(), r.n-from))
		if err == nil && each != nil {
			err = each(part)
		}
		if err != nil {
			return all, err
		}
		all.Captions, all.Facts = append(all.Captions, part.Captions...), append(all.Facts, part.Facts...)
		all.Images = e.keep(all.Images, part.Images)
	}
	return all, nil
}

// part is how many pictures are in memory at once, in whole batches of the networks.
func (e *Evaluator) part() int {
	size := e.Model.Size()
	n := max(1, e.most/(size*size*3))
	return max(n-n%64, min(n, 64))
}

// keep adds pictures up to those that are shown.
func (e *Evaluator) keep(images, more []float32) []float32 {
	size := e.Model.Size()
	return append(images, more[:min(len(more), max(0, shown*size*size*3-len(images)))]...)
}

// First are the first n held-out captions with their real pictures, for sample grids; 64 at most.
func (e *Evaluator) First(n int) Prompts {
	p := e.sets[0].Prompts
	n = min(n, len(p.Captions), shown)
	size := e.Model.Size()
	return Prompts{Captions: p.Captions[:n], Images: p.Images[:n*size*size*3]}
}
