package pretrain

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/train"
)

// attributeAccuracy scores predictions [B,A] of every attribute on n labelled pictures of a split.
func (c *Context) attributeAccuracy(ctx context.Context, store *model.Store, src labelled, n, batch int, predict func(root *model.Scope, images *Node) *Node) (map[string]float64, error) {
	exec, err := model.NewExec(c.Backend, store, predict)
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	names, size := dataset.AttributeNames, c.Config.Size
	right, given := make([]float64, len(names)), make([]float64, len(names))
	for start := 0; start < n; start += batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := drawLabelled(src, size, start, batch)
		images := train.F32(b.Images, batch, size, size, 3)
		out, err := exec.Call1(images)
		if err != nil {
			return nil, err
		}
		seen := tensors.MustCopyFlatData[int32](out)
		engine.Release(images, out)
		for i, want := range b.Labels[:min(batch, n-start)*len(names)] { // the last batch may hold more than is asked for
			if want < 0 {
				continue
			}
			given[i%len(names)]++
			if seen[i] == want {
				right[i%len(names)]++
			}
		}
	}
	accuracy := map[string]float64{}
	for a, name := range names {
		if given[a] > 0 {
			accuracy[name] = right[a] / given[a]
		}
	}
	return accuracy, nil
}

// ClassifierAccuracy is the accuracy of the classifier below /classifier on held-out and novel scenes together.
func (c *Context) ClassifierAccuracy(ctx context.Context, store *model.Store, scenes *dataset.Scenes, n int) (map[string]float64, error) {
	classifier := Classifier{c.Config.Networks.Classifier}
	return c.attributeAccuracy(ctx, store, scenes.Split("all"), n, 100, func(root *model.Scope, images *Node) *Node {
		scope := root.At("classifier")
		return Predict(classifier.Logits(scope, classifier.Features(scope, images)))
	})
}
