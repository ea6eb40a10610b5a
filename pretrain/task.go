package pretrain

import (
	"fmt"

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

// scopes are the scopes of a part's trained weights in the store of its task.
var scopes = map[string]string{
	"text": "/pair/text", "features": "/features/vit", "classifier": "/classifier", "pair": "/pair", "teacher": "/teacher_ema",
}

// Task is the training of a part in a store of its own.
func (c *Trainer) Task(part string, store *model.Store) (train.Task, error) {
	cfg := c.Config
	switch part {
	case "text": // conditions teacher and student
		pair := Pair{Text: cfg.Networks.Text, Image: cfg.Networks.Tower}
		return c.contrastiveTask(part, store, pair.Loss, c.Words, cfg.TextTraining, c.Data.Train(), cfg.Seed)
	case "features":
		return c.featuresTask(store)
	case "classifier":
		return c.classifierTask(store)
	case "pair": // has a seed of its own, and sees all compositions, held-out ones too
		pair, src := Pair{Text: cfg.Networks.PairText, Image: cfg.Networks.PairImage}, c.Data.Train()
		if world, ok := c.Data.(dataset.Labelled); ok {
			src = world.Labels("all")
		}
		return c.contrastiveTask(part, store, pair.Loss, c.PairWords, cfg.PairTraining, src, cfg.Seed+1000)
	case "teacher":
		return c.teacherTask(part, store, cfg.Networks.UNet, cfg.TeacherTraining, cfg.TuneText)
	}
	return train.Task{}, fmt.Errorf("pretrain: part = %q, want one of %q", part, Parts)
}

func (c *Trainer) variantTask(v Variant, store *model.Store) (train.Task, error) {
	switch {
	case v.Part == "teacher":
		return c.teacherTask(v.Name, store, v.Backbone(), v.Training, false)
	case v.Objective == CLIP: // the text encoder is trained too and not kept
		method := CaptionContrast{Net: *v.ViT, Text: c.Config.Networks.Text}
		return c.contrastiveTask(v.Name, store, method.Loss, c.Words, v.Training, c.Data.Train(), c.Config.Seed+3000, "patch_embed", "text", "project")
	case !v.Trained(): // its weights are in the store, or as they are drawn
		network.Seed(store, c.Config.Seed+3000)
		build(c.Backend, store, v.scope(), unmasked, c.Config, nil, v.Features())
		return train.Task{Name: v.Name, Store: store, LogEvery: 1}, store.InitializeVariables(c.Backend, nil)
	}
	return c.selfDistillationTask(v, store)
}

// scope is the scope of a variant's trained weights in the store of its task.
func (v Variant) scope() string {
	switch {
	case v.Part == "teacher":
		return scopes["teacher"]
	case v.Objective == CLIP:
		return "/pair/vit"
	case v.Published():
		return "/published"
	case v.Objective == Untrained: // the values that are drawn belong to the path
		return "/vit"
	}
	return "/" + selfAverage + "/vit"
}

func adam(name string) optim.AdamW {
	return optim.AdamW{Name: name, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01, ClipNorm: 1}
}

// optimizer uses Muon for the hidden matrices of a large network if the config says so; the first and last layers and all vectors
// stay with AdamW.
func (t Training) optimizer(adam optim.AdamW, outer ...string) optim.Optimizer {
	if !t.Muon {
		return adam
	}
	return optim.Muon{AdamW: adam, Kept: outer}
}

// task trains by a graph, which turns the optimiser's coefficients and further inputs into the columns. The inputs are made of a batch,
// which is empty without a loader.
func (c *Trainer) task(name string, store *model.Store, t Training, columns []string, batches *dataset.Loader,
	graph func(root *model.Scope, coefficients *Node, in []*Node) []*Node, inputs func(step int, b dataset.Batch) []*tensors.Tensor) (train.Task, error) {
	exec, err := model.NewExec(c.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		store.SetTraining(args[0].Graph(), true)
		return graph(root, args[0], args[1:])
	})
	if err != nil {
		return train.Task{}, err
	}
	feed := train.NewFeed(batches)
	return train.Task{
		Name: name, Store: store, Steps: t.Steps, Columns: columns,
		LogEvery: max(1, min(20, t.Steps/4)), CheckpointEvery: max(1, min(500, t.Steps/2)),
		Close: exec.Finalize,
		Step: func(step int) ([]float64, error) {
			var b dataset.Batch
			if batches != nil {
				var err error
				if b, err = feed.Batch(step); err != nil {
					return nil, err
				}
			}
			coefficients := train.F32(adam(name).Coefficients(t.Rate.At(step, t.Steps), step), 3)
			return train.Call(exec, append([]*tensors.Tensor{coefficients}, inputs(step, b)...)...)
		},
	}, nil
}

// pixels are pictures as an input, [B,S,S,3].
func (c *Trainer) pixels(images []float32) *tensors.Tensor {
	size := c.Config.Size
	return train.F32(images, len(images)/(size*size*3), size, size, 3)
}

// contrastiveTask trains what is below /pair by contrast of pictures with captions; outer layers are not for Muon.
func (c *Trainer) contrastiveTask(name string, store *model.Store, loss contrastLoss, words *tokenizer.Words, t Training, src dataset.Source, seed int64, outer ...string) (train.Task, error) {
	network.Seed(store, seed)
	return c.task(name, store, t, []string{"loss", "accuracy", "grad"}, dataset.NewLoader(src, t.Batch, seed, "pretrain/"+name),
		func(root *model.Scope, coefficients *Node, in []*Node) []*Node {
			scope := root.At("pair")
			loss, accuracy := loss(scope, in[0], in[1])
			norm := t.optimizer(adam(name), outer...).Update(optim.Variables(scope, loss.Graph()), loss, coefficients)
			return []*Node{loss, accuracy, norm}
		},
		func(_ int, b dataset.Batch) []*tensors.Tensor {
			return []*tensors.Tensor{train.I32(words.EncodeAll(b.Captions), t.Batch, words.Context), c.pixels(b.Images)}
		})
}

func (c *Trainer) classifierTask(store *model.Store) (train.Task, error) {
	world, ok := c.Data.(dataset.Labelled)
	if !ok {
		return train.Task{}, fmt.Errorf("pretrain: %s has no attributes to classify, want a built-in world", c.Data.Name())
	}
	t, seed := c.Config.ClassifierTraining, c.Config.Seed+2000
	network.Seed(store, seed)
	classifier := c.Config.Networks.AttributeClassifier()
	return c.task("classifier", store, t, []string{"loss", "accuracy", "grad"}, nil,
		func(root *model.Scope, coefficients *Node, in []*Node) []*Node {
			scope := root.At("classifier")
			loss, accuracy := attributeLoss(classifier.Logits(scope, classifier.Features(scope, in[0])), in[1])
			norm := adam("classifier").Update(optim.Variables(scope, loss.Graph()), loss, coefficients)
			return []*Node{loss, accuracy, norm}
		}, c.labelledInputs(world.Labels("all"), len(classifier.Classes), t, seed, "pretrain/classifier"))
}

// labelledInputs are pictures with all their attributes, from a place of a split that belongs to seed and purpose.
func (c *Trainer) labelledInputs(src labelled, attributes int, t Training, seed int64, purpose string) func(int, dataset.Batch) []*tensors.Tensor {
	first := firstIndex(seed, purpose)
	return func(step int, _ dataset.Batch) []*tensors.Tensor {
		b := drawLabelled(src, c.Config.Size, attributes, first+step*t.Batch, t.Batch)
		return []*tensors.Tensor{c.pixels(b.Images), train.I32(b.Labels, t.Batch, attributes)}
	}
}

func (c *Trainer) featuresTask(store *model.Store) (train.Task, error) {
	t, size, seed := c.Config.FeaturesTraining, c.Config.Size, c.Config.Seed+3000
	network.Seed(store, seed)
	method := SelfSupervised{Net: c.Config.Networks.Features, Mask: maskShare}
	return c.task("features", store, t, []string{"loss", "contrast", "pixels", "accuracy", "grad"}, dataset.NewLoader(c.Data.Train(), t.Batch, seed, "pretrain/features"),
		func(root *model.Scope, coefficients *Node, in []*Node) []*Node {
			scope := root.At("features")
			loss, contrast, reconstruct, accuracy := method.Loss(scope, in[0], in[1], in[2])
			norm := t.optimizer(adam("features"), "patch_embed", "pixels").Update(optim.Variables(scope, loss.Graph()), loss, coefficients)
			return []*Node{loss, contrast, reconstruct, accuracy, norm}
		},
		func(step int, b dataset.Batch) []*tensors.Tensor {
			r := rng.New(seed, "pretrain/views", step)
			return []*tensors.Tensor{
				c.pixels(drawView(r, b.Images, size)), c.pixels(drawView(r, b.Images, size)),
				train.F32(method.drawMask(r, t.Batch), t.Batch, method.Net.Patches()),
			}
		})
}

func (c *Trainer) selfDistillationTask(v Variant, store *model.Store) (train.Task, error) {
	t, size, seed := v.Training, c.Config.Size, c.Config.Seed+3000
	network.Seed(store, seed)
	method, patches := SelfDistillation{Net: *v.ViT, Patches: v.Objective == DINO2}, v.ViT.Patches()
	return c.task(v.Name, store, t, []string{"loss", "views", "patches", "entropy", "grad"}, dataset.NewLoader(c.Data.Train(), t.Batch, seed, "pretrain/"+v.Name),
		func(root *model.Scope, coefficients *Node, in []*Node) []*Node {
			loss, views, patches, entropy := method.Loss(root, in[0], in[1], in[2])
			variables := optim.Variables(root.At(selfStudent), loss.Graph())
			norm := t.optimizer(adam(v.Name), "patch_embed", "class_head", "patch_head").Update(variables, loss, coefficients)
			optim.EMA(variables, "/"+selfStudent, "/"+selfAverage, in[3])
			return []*Node{loss, views, patches, entropy, norm}
		},
		func(step int, b dataset.Batch) []*tensors.Tensor {
			r := rng.New(seed, "pretrain/self-distillation", step)
			global := append(drawView(r, b.Images, size), drawView(r, b.Images, size)...)
			mask := make([]float32, 2*t.Batch*patches)
			if method.Patches {
				mask = drawPatchMasks(r, 2*t.Batch, patches)
			}
			var local []float32
			for range localViews {
				local = append(local, drawView(r, drawCrops(r, b.Images, size), size)...)
			}
			return []*tensors.Tensor{c.pixels(global), train.F32(mask, 2*t.Batch, patches), c.pixels(local), tensors.FromScalar(float32(selfDecay(step, t.Steps)))}
		})
}
