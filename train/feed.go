package train

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
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

// F32 and I32 make tensors for Call.
func F32(x []float32, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(x, dims...)
}

// I32 makes an int32 tensor.
func I32(x []int32, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(x, dims...)
}

// Call runs a graph whose outputs are scalars and frees inputs and outputs.
func Call(exec *model.Exec, inputs ...*tensors.Tensor) ([]float64, error) {
	args := make([]any, len(inputs))
	for i, t := range inputs {
		args[i] = t
	}
	outputs, err := exec.Call(args...)
	defer engine.Release(inputs...)
	if err != nil {
		return nil, err
	}
	defer engine.Release(outputs...)
	values := make([]float64, len(outputs))
	for i, t := range outputs {
		v, ok := t.Value().(float32)
		if !ok {
			return nil, fmt.Errorf("train: output %d has shape %s, want a float32 scalar", i, t.Shape())
		}
		values[i] = float64(v)
	}
	return values, nil
}

// Scalar makes a float32 scalar.
func Scalar(x float32) *tensors.Tensor { return tensors.FromScalar(x) }
