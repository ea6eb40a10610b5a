package train

import "github.com/addlab/addlab/dataset"

// Feed returns the batches of a loader by step. It draws the next one in the background.
type Feed struct {
	loader *dataset.Loader
	step   int // of next
	next   chan fetched
}

type fetched struct {
	batch dataset.Batch
	err   error
}

// NewFeed reads from a loader.
func NewFeed(loader *dataset.Loader) *Feed { return &Feed{loader: loader} }

// Batch returns the batch of a step; consecutive steps are fast.
func (f *Feed) Batch(step int) (dataset.Batch, error) {
	if f.next == nil || step != f.step {
		f.begin(step)
	}
	got := <-f.next
	f.begin(step + 1)
	return got.batch, got.err
}

func (f *Feed) begin(step int) {
	next := make(chan fetched, 1) // a batch that nobody asks for is dropped
	go func() {
		batch, err := f.loader.Batch(step)
		next <- fetched{batch, err}
	}()
	f.step, f.next = step, next
}
