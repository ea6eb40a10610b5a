package pretrain

import (
	"context"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Probe is a linear probe of frozen features: one linear layer per attribute on all taps of the vision transformer, trained on
// labelled scenes and scored on held-out ones.
type Probe struct {
	Steps, Batch int
	Rate         optim.Rate
	Heldout      int // pictures to score on
}

// DefaultProbe is the probe of a scale.
func DefaultProbe(scale string) Probe {
	p := Probe{Steps: 1000, Batch: 128, Heldout: 2000, Rate: optim.Rate{Peak: 2e-3, Warmup: 20, Decay: 0.7, Final: 0.01}}
	if scale == "smoke" {
		p.Steps, p.Batch, p.Heldout = 4, 16, 64
	}
	return p
}

// Accuracy trains the probe on the features below /features of the store and returns the held-out accuracy of each attribute.
func (p Probe) Accuracy(ctx context.Context, c *Trainer, store *model.Store, progress *train.Progress) (map[string]Hits, error) {
	scenes, ok := c.Data.(*dataset.Scenes)
	if !ok {
		return nil, fmt.Errorf("pretrain: %s has no attributes to probe for, want scenes", c.Data.Name())
	}
	const scope = "probe"
	cfg, size, opt := c.Config.Networks.Features, c.Config.Size, adam("probe")
	logits := func(root *model.Scope, images *Node) []*Node {
		taps := network.ViT(root.At("features"), cfg, images, nil).Taps
		for i, tap := range taps {
			b := tap.Shape().Dim(0)
			centred := Sub(tap, ReduceAndKeep(tap, ReduceMean, -1))
			std := Sqrt(AddScalar(ReduceAndKeep(Mul(centred, centred), ReduceMean, -1), 1e-6))
			taps[i] = Reshape(Div(centred, std), b, -1) // every tap on the same scale
		}
		return attributeLogits(root.At(scope), MulScalar(StopGradient(Concatenate(taps, 1)), 0.3))
	}
	learn, err := model.NewExec(c.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		g := args[0].Graph()
		store.SetTraining(g, true)
		loss, accuracy := attributeLoss(logits(root, args[0]), args[1])
		opt.Update(optim.Variables(root.At(scope), g), loss, args[2])
		return []*Node{loss, accuracy}
	})
	if err != nil {
		return nil, err
	}
	defer learn.Finalize()
	network.Seed(store, c.Config.Seed)
	src, first := scenes.Split("train"), firstIndex(c.Config.Seed, "probe")
	progress.SetBatch(p.Batch)
	progress.Begin("probe", 0, p.Steps)
	for step := 1; step <= p.Steps; step++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := drawLabelled(src, size, first+step*p.Batch, p.Batch)
		values, err := train.Call(learn, train.F32(b.Images, p.Batch, size, size, 3), train.I32(b.Labels, p.Batch, len(dataset.AttributeClasses)),
			train.F32(opt.Coefficients(p.Rate.At(step, p.Steps), step), 3))
		if err != nil {
			return nil, err
		}
		progress.Step(step, []string{"loss", "accuracy"}, values)
	}
	progress.End()
	return c.attributeAccuracy(ctx, store, scenes.Split("heldout"), p.Heldout, p.Batch, func(root *model.Scope, images *Node) *Node {
		return Predict(logits(root, images))
	})
}
