package train

import (
	"context"
	"fmt"

	"github.com/addlab/addlab/dataset"
)

// Feed returns the batches of a loader by step and draws the next ones in the background.
type Feed struct {
	loader *dataset.Loader
	cancel context.CancelFunc
	ready  <-chan dataset.Fetched
	next   int
}

// NewFeed reads from a loader.
func NewFeed(loader *dataset.Loader) *Feed { return &Feed{loader: loader, next: -1} }

// Batch returns the batch of a step; consecutive steps are fast.
func (f *Feed) Batch(ctx context.Context, step int) (dataset.Batch, error) {
	if f.cancel == nil || step != f.next {
		f.Close()
		inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
		f.cancel, f.ready, f.next = cancel, f.loader.Prefetch(inner, step), step
	}
	fetched, ok := <-f.ready
	if !ok {
		return dataset.Batch{}, fmt.Errorf("train: batch %d: the feed has ended", step)
	}
	f.next++
	return fetched.Batch, fetched.Err
}

// Close stops the background work.
func (f *Feed) Close() {
	if f.cancel != nil {
		f.cancel()
		f.cancel, f.next = nil, -1
	}
}
