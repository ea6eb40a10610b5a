package pretrain

import (
	"context"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Probe is a linear probe of frozen features: one linear layer per attribute on all taps of the network, trained on
// labelled pictures of a world and scored on held-out ones. Attributes of more than probedValues values are left out.
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

// Accuracy trains the probe on a bundle's features, or a variant of them, and returns the held-out accuracy of each attribute.
func (p Probe) Accuracy(ctx context.Context, backend compute.Backend, b *Bundle, features string, world dataset.Labelled, progress *train.Progress) (map[string]Hits, error) {
	c := &Trainer{Config: b.Config, Backend: backend}
	store := model.NewStore()
	defer store.Finalize()
	if err := b.Load(backend, store, "/features", features); err != nil {
		return nil, err
	}
	return p.accuracy(ctx, c, b.Features(features), store, world, progress)
}

func (p Probe) accuracy(ctx context.Context, c *Trainer, features network.Features, store *model.Store, world dataset.Labelled, progress *train.Progress) (map[string]Hits, error) {
	const scope = "probe"
	attributes, columns := probed(world)
	logits := func(root *model.Scope, images *Node) []*Node {
		taps := features.Taps(root.At("features"), images)
		for i, tap := range taps {
			b := tap.Shape().Dim(0)
			centred := Sub(tap, ReduceAndKeep(tap, ReduceMean, -1))
			std := Sqrt(AddScalar(ReduceAndKeep(Mul(centred, centred), ReduceMean, -1), 1e-6))
			taps[i] = Reshape(Div(centred, std), b, -1) // every tap on the same scale
		}
		return attributeLogits(root.At(scope), MulScalar(StopGradient(Concatenate(taps, 1)), 0.3), dataset.Classes(attributes))
	}
	network.Seed(store, c.Config.Seed)
	t := Training{Steps: p.Steps, Batch: p.Batch, Rate: p.Rate}
	task, err := c.task("probe", store, t, []string{"loss", "accuracy"}, nil,
		func(root *model.Scope, coefficients *Node, in []*Node) []*Node {
			loss, accuracy := attributeLoss(logits(root, in[0]), in[1])
			adam("probe").Update(optim.Variables(root.At(scope), loss.Graph()), loss, coefficients)
			return []*Node{loss, accuracy}
		}, c.labelledInputs(columns("train"), len(attributes), t, c.Config.Seed, "probe"))
	if err != nil {
		return nil, err
	}
	defer task.Close()
	progress.Batch = p.Batch
	progress.Begin("probe", 0, p.Steps)
	for step := 1; step <= p.Steps; step++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		values, err := task.Step(step)
		if err != nil {
			return nil, err
		}
		progress.Step(step, task.Columns, values)
	}
	progress.End()
	return c.attributeAccuracy(ctx, store, columns("heldout"), attributes, p.Heldout, p.Batch, func(root *model.Scope, images *Node) *Node {
		return Predict(logits(root, images))
	})
}

// probedValues bounds an attribute's values: a linear layer of more would outgrow the network that it probes.
const probedValues = 100

// probed are the attributes that are probed for, and the splits of the world with those alone.
func probed(world dataset.Labelled) (attributes []dataset.Attribute, split func(name string) labelled) {
	var columns []int
	for i, a := range world.Attributes() {
		if len(a.Values) <= probedValues {
			attributes, columns = append(attributes, a), append(columns, i)
		}
	}
	return attributes, func(name string) labelled { return someFacts{world.Labels(name), columns} }
}

// someFacts are pictures with some of their attributes.
type someFacts struct {
	labelled
	columns []int
}

func (s someFacts) Facts(i int) (f dataset.Facts) {
	all := s.labelled.Facts(i)
	for _, c := range s.columns {
		f.Shows = append(f.Shows, all.Shows[c])
	}
	return f
}

// Hits counts right answers among all.
type Hits struct{ Right, Of int }

// Score counts the right classes of every attribute, flat [N,A]; a label of −1 is left out.
func Score(attributes []dataset.Attribute, classes, labels []int32) map[string]Hits {
	hits := map[string]Hits{}
	for i, want := range labels {
		if want < 0 {
			continue
		}
		name := attributes[i%len(attributes)].Name
		h := hits[name]
		h.Of++
		if classes[i] == want {
			h.Right++
		}
		hits[name] = h
	}
	return hits
}

// attributeAccuracy scores predictions [B,A] of every attribute on n labelled pictures of a split.
func (c *Trainer) attributeAccuracy(ctx context.Context, store *model.Store, src labelled, attributes []dataset.Attribute, n, batch int, predict func(root *model.Scope, images *Node) *Node) (map[string]Hits, error) {
	exec, err := model.NewExec(c.Backend, store, predict)
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	var classes, labels []int32
	for start := 0; start < n; start += batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := drawLabelled(src, c.Config.Size, len(attributes), start, batch)
		images := c.pixels(b.Images)
		out, err := exec.Call1(images)
		if err != nil {
			return nil, err
		}
		classes, labels = append(classes, tensors.MustCopyFlatData[int32](out)...), append(labels, b.Labels...)
		engine.Release(images, out)
	}
	return Score(attributes, classes, labels[:n*len(attributes)]), nil // the last batch may hold more than n
}
