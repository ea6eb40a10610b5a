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

// Hits counts right answers among all.
type Hits struct{ Right, Of int }

// Add counts one answer more.
func (h *Hits) Add(right bool) {
	h.Of++
	if right {
		h.Right++
	}
}

// Rate is their share.
func (h Hits) Rate() float64 { return float64(h.Right) / float64(h.Of) }

// attributeAccuracy scores predictions [B,A] of every attribute on n labelled pictures of a split.
func (c *Trainer) attributeAccuracy(ctx context.Context, store *model.Store, src labelled, n, batch int, predict func(root *model.Scope, images *Node) *Node) (map[string]Hits, error) {
	exec, err := model.NewExec(c.Backend, store, predict)
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	names, size := dataset.AttributeNames, c.Config.Size
	hits := make([]Hits, len(names))
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
		for i, want := range b.Labels[:min(batch, n-start)*len(names)] { // the last batch may hold more than n
			if want < 0 {
				continue
			}
			hits[i%len(names)].Add(seen[i] == want)
		}
	}
	accuracy := map[string]Hits{}
	for a, name := range names {
		if hits[a].Of > 0 {
			accuracy[name] = hits[a]
		}
	}
	return accuracy, nil
}
