package dataset

import (
	"fmt"
	"math"
	"sync"

	"github.com/addlab/addlab/internal/parallel"
	"github.com/addlab/addlab/internal/rng"
)

// B batch, S side of the pictures.

// Batch is B samples in the layout of a training step.
type Batch struct {
	Images   []float32 // [B,S,S,3], values in [-1,1]
	Captions []string  // [B]
	Indices  []int     // [B], of the samples in their source
	Latents  []float32 // of the pictures, where an autoencoder has read them
}

// Loader draws batches of a source. Batch k depends on nothing but the source, the seed, the purpose and k, so that an
// interrupted run resumes with the same batches.
type Loader struct {
	src     Source
	batch   int
	seed    int64
	purpose string
	group   int    // samples of one caption
	start   uint64 // where an endless source is entered

	mu     sync.Mutex
	orders [2]epochOrder // the latest even and odd epoch
}

type epochOrder struct {
	epoch int
	perm  []int
}

// NewLoader draws batches of the given size. Finite sources are seen whole in every epoch, each time in a new order, and a
// batch may begin in one epoch and end in the next. Endless sources are walked from a place that seed and purpose choose.
func NewLoader(src Source, batch int, seed int64, purpose string) *Loader {
	start := rng.New(seed, purpose+"/start", 0).Uint64() >> 8
	return &Loader{src: src, batch: batch, seed: seed, purpose: purpose, group: 1, start: start}
}

// PerCaption makes batches of groups of so many pictures side by side, each group of one caption.
func (l *Loader) PerCaption(pictures int) error {
	if _, ok := l.src.(Grouped); !ok && pictures > 1 {
		return fmt.Errorf("dataset: %d pictures for a caption, want 1: only the built-in worlds draw several", pictures)
	}
	if pictures < 1 || l.batch%pictures != 0 {
		return fmt.Errorf("dataset: %d pictures for a caption, want a divisor of the batch of %d", pictures, l.batch)
	}
	l.group = pictures
	return nil
}

// Batch draws batch number step ≥ 0. It may be called from several goroutines.
func (l *Loader) Batch(step int) (Batch, error) {
	n := l.src.Len()
	switch {
	case l.batch < 1:
		return Batch{}, fmt.Errorf("dataset: batch = %d, want ≥ 1", l.batch)
	case n < 1:
		return Batch{}, fmt.Errorf("dataset: source = %d samples, want ≥ 1", n)
	case step < 0 || step >= math.MaxInt/4/l.batch:
		return Batch{}, fmt.Errorf("dataset: step = %d, want 0 … %d", step, math.MaxInt/4/l.batch-1)
	}

	b := Batch{Indices: make([]int, l.batch)}
	for i := range b.Indices {
		b.Indices[i] = l.index((step*l.batch+i)/l.group, n)
	}
	samples, errs := make([]Sample, l.batch), make([]error, l.batch)
	parallel.For(l.batch, func(i int) {
		if k := i % l.group; k > 0 {
			samples[i], errs[i] = l.src.(Grouped).Alike(b.Indices[i], k)
		} else {
			samples[i], errs[i] = l.src.Sample(b.Indices[i])
		}
	})
	for i, s := range samples {
		if errs[i] != nil {
			return Batch{}, errs[i]
		}
		if side := samples[0].Image.Size; s.Image.Size != side || len(s.Image.Pix) != side*side*3 {
			return Batch{}, fmt.Errorf("dataset: sample %d = %d×%d with %d values, want %d×%d×3",
				b.Indices[i], s.Image.Size, s.Image.Size, len(s.Image.Pix), side, side)
		}
		b.Images = append(b.Images, s.Image.Pix...)
		b.Captions = append(b.Captions, s.Caption)
	}
	return b, nil
}

// index is the sample at a position of the run, counted over all its batches; n is the length of the source.
func (l *Loader) index(position, n int) int {
	if n == math.MaxInt {
		return int((l.start + uint64(position)) & (math.MaxInt >> 1))
	}
	return l.order(position / n)[position%n]
}

// order is the permutation of one epoch. Two are kept, for batches that cross from one epoch into the next.
func (l *Loader) order(epoch int) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := &l.orders[epoch%len(l.orders)]
	if o.perm == nil || o.epoch != epoch {
		*o = epochOrder{epoch, rng.New(l.seed, l.purpose+"/order", epoch).Perm(l.src.Len())}
	}
	return o.perm
}
