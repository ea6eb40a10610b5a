package pretrain

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Trainer makes the trainings of all parts of a bundle.
type Trainer struct {
	Config    Config
	Backend   compute.Backend
	Data      dataset.Dataset
	Words     *tokenizer.Words // of teacher and student
	PairWords *tokenizer.Words // of the evaluation pair

	otherWords string // of PartConfig.Words
}

// adam is the optimiser of every pretraining.
func adam(name string) optim.AdamW {
	return optim.AdamW{Name: name, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01, ClipNorm: 1}
}

// optimizer uses Muon for the hidden matrices of a large network if the config says so; the first and last layers and all vectors
// stay with AdamW.
func (t Training) optimizer(adam optim.AdamW, outer ...string) optim.Optimizer {
	if !t.Muon {
		return adam
	}
	return optim.NewMuon(adam, outer...)
}

func (c *Trainer) task(name string, store *model.Store, t Training, columns ...string) train.Task {
	return train.Task{
		Name: name, Store: store, Steps: t.Steps, Columns: columns,
		LogEvery: max(1, min(20, t.Steps/4)), CheckpointEvery: max(1, min(500, t.Steps)),
	}
}

// feed makes a step of the task a call of exec on the next batch: inputs gives its arguments, which hold the optimiser's coefficients.
func (t Training) feed(task *train.Task, exec *model.Exec, batches *dataset.Loader, opt optim.AdamW, inputs func(step int, b dataset.Batch, coefficients *tensors.Tensor) []*tensors.Tensor) {
	feed := train.NewFeed(batches)
	task.Close = func() { feed.Close(); exec.Finalize() }
	task.Step = func(ctx context.Context, step int) ([]float64, error) {
		b, err := feed.Batch(ctx, step)
		if err != nil {
			return nil, err
		}
		return train.Call(exec, inputs(step, b, train.F32(opt.Coefficients(t.Rate.At(step, t.Steps), step), 3))...)
	}
}

// TextTask trains the conditioning text encoder (scope /pair/text) with its image tower; PairTask the evaluation pair.
func (c *Trainer) TextTask(store *model.Store) (train.Task, error) {
	pair := Pair{Text: c.Config.Networks.Text, Image: c.Config.Networks.Tower}
	return c.contrastiveTask("text", store, pair.Loss, c.Words, c.Config.TextTraining, c.Data.Train(), c.Config.Seed)
}

// PairTask trains the evaluation pair with a seed of its own, on all compositions, held-out ones too.
func (c *Trainer) PairTask(store *model.Store) (train.Task, error) {
	pair := Pair{Text: c.Config.Networks.PairText, Image: c.Config.Networks.PairImage}
	src := c.Data.Train()
	if s, ok := c.Data.(*dataset.Scenes); ok {
		src = s.Split("all")
	}
	return c.contrastiveTask("pair", store, pair.Loss, c.PairWords, c.Config.PairTraining, src, c.Config.Seed+1000)
}

// contrastiveTask trains what is below /pair by contrast of pictures with captions; outer layers are not for Muon.
func (c *Trainer) contrastiveTask(name string, store *model.Store, loss contrastLoss, words *tokenizer.Words, t Training, src dataset.Source, seed int64, outer ...string) (train.Task, error) {
	network.Seed(store, seed)
	size, opt := c.Config.Size, adam(name)
	exec, err := model.NewExec(c.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		g := args[0].Graph()
		store.SetTraining(g, true)
		scope := root.At("pair")
		loss, accuracy := loss(scope, args[0], args[1])
		norm := t.optimizer(opt, outer...).Update(optim.Variables(scope, g), loss, args[2])
		return []*Node{loss, accuracy, norm}
	})
	if err != nil {
		return train.Task{}, err
	}
	task := c.task(name, store, t, "loss", "accuracy", "grad")
	t.feed(&task, exec, dataset.NewLoader(src, t.Batch, seed, "pretrain/"+name), opt, func(_ int, b dataset.Batch, coefficients *tensors.Tensor) []*tensors.Tensor {
		return []*tensors.Tensor{
			train.I32(words.EncodeAll(b.Captions), t.Batch, words.Context), train.F32(b.Images, t.Batch, size, size, 3), coefficients,
		}
	})
	return task, nil
}

// ClassifierTask trains the attribute classifier of the built-in world (scope /classifier), on all compositions.
func (c *Trainer) ClassifierTask(store *model.Store) (train.Task, error) {
	scenes, ok := c.Data.(*dataset.Scenes)
	if !ok {
		return train.Task{}, fmt.Errorf("pretrain: %s has no attributes to classify, want scenes", c.Data.Name())
	}
	t, size, seed, opt := c.Config.ClassifierTraining, c.Config.Size, c.Config.Seed+2000, adam("classifier")
	network.Seed(store, seed)
	classifier := Classifier{c.Config.Networks.Classifier}
	exec, err := model.NewExec(c.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		g := args[0].Graph()
		store.SetTraining(g, true)
		scope := root.At("classifier")
		loss, accuracy := attributeLoss(classifier.Logits(scope, classifier.Features(scope, args[0])), args[1])
		norm := opt.Update(optim.Variables(scope, g), loss, args[2])
		return []*Node{loss, accuracy, norm}
	})
	if err != nil {
		return train.Task{}, err
	}
	src, first := scenes.Split("all"), firstIndex(seed, "pretrain/classifier")
	task := c.task("classifier", store, t, "loss", "accuracy", "grad")
	task.Close = exec.Finalize
	task.Step = func(ctx context.Context, step int) ([]float64, error) {
		b := drawLabelled(src, size, first+step*t.Batch, t.Batch)
		return train.Call(exec,
			train.F32(b.Images, t.Batch, size, size, 3),
			train.I32(b.Labels, t.Batch, len(dataset.AttributeClasses)),
			train.F32(opt.Coefficients(t.Rate.At(step, t.Steps), step), 3))
	}
	return task, nil
}

// FeaturesTask trains the discriminator's feature network without labels (scope /features/vit).
func (c *Trainer) FeaturesTask(store *model.Store) (train.Task, error) {
	t, size, seed, opt := c.Config.FeaturesTraining, c.Config.Size, c.Config.Seed+3000, adam("features")
	network.Seed(store, seed)
	method := SelfSupervised{Net: c.Config.Networks.Features, Mask: maskShare}
	exec, err := model.NewExec(c.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		g := args[0].Graph()
		store.SetTraining(g, true)
		scope := root.At("features")
		loss, contrast, reconstruct, accuracy := method.Loss(scope, args[0], args[1], args[2])
		norm := t.optimizer(opt, "patch_embed", "pixels").Update(optim.Variables(scope, g), loss, args[3])
		return []*Node{loss, contrast, reconstruct, accuracy, norm}
	})
	if err != nil {
		return train.Task{}, err
	}
	task := c.task("features", store, t, "loss", "contrast", "pixels", "accuracy", "grad")
	t.feed(&task, exec, dataset.NewLoader(c.Data.Train(), t.Batch, seed, "pretrain/features"), opt, func(step int, b dataset.Batch, coefficients *tensors.Tensor) []*tensors.Tensor {
		r := rng.New(seed, "pretrain/views", step)
		return []*tensors.Tensor{
			train.F32(drawView(r, b.Images, size), t.Batch, size, size, 3),
			train.F32(drawView(r, b.Images, size), t.Batch, size, size, 3),
			train.F32(method.drawMask(r, t.Batch), t.Batch, method.Net.Patches()),
			coefficients,
		}
	})
	return task, nil
}
