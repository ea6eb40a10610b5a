package pretrain

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// localViews is the number of crops per picture that only the student of a self-distillation sees.
const localViews = 2

// variantConfig determines the weights of a variant, as PartConfig does for a part; text is the SHA-256 of the bundle's text encoder.
func (c *Trainer) variantConfig(v Variant, text string) (PartConfig, error) {
	p, err := c.PartConfig(v.Part, "")
	if err != nil {
		return p, err
	}
	p.Part, p.Training, p.From = v.Name, v.Training, ""
	switch {
	case v.Part == "teacher":
		p.Net, p.From = v.Backbone(), "text "+text
	case v.Objective == CLIP:
		p.Net, p.Options = []any{v.ViT, c.Config.Networks.Text}, map[string]any{"objective": v.Objective}
	case v.Objective == Untrained:
		p.Net, p.Options = v.ViT, map[string]any{"objective": v.Objective}
	default:
		p.Net = v.ViT
		p.Options = map[string]any{
			"objective": v.Objective, "prototypes": prototypes, "bottom": prototypeBottom, "average": averageDecay, "sinkhorn": sinkhornSteps,
			"temperatures": []float64{studentTemperature, teacherTemperature}, "local_views": localViews, "crop": []float64{cropMin, cropMax},
			"permute": permuteShare, "bend": bendShare,
		}
		if v.Objective == DINO2 {
			p.Options.(map[string]any)["mask"] = []float64{maskedViews, maskMin, maskMax}
			p.Options.(map[string]any)["spread"] = spreadWeight
		}
	}
	return p, nil
}

// variantTask is the training of a variant, and the scope of its trained weights.
func (c *Trainer) variantTask(v Variant, store *model.Store) (task train.Task, scope string, err error) {
	switch {
	case v.Part == "teacher":
		task, err = c.teacherTask(v.Name, store, v.Backbone(), v.Training, false)
		return task, "/teacher_ema", err
	case v.Objective == CLIP:
		// The text encoder is trained too and not kept.
		method := CaptionContrast{Net: *v.ViT, Text: c.Config.Networks.Text}
		task, err = c.contrastiveTask(v.Name, store, method.Loss, c.Words, v.Training, c.Data.Train(), c.Config.Seed+3000, "patch_embed", "text", "project")
		return task, "/pair/vit", err
	case v.Objective == Untrained:
		network.Seed(store, c.Config.Seed+3000)
		cfg := c.Config
		cfg.Networks.Features = *v.ViT
		build(c.Backend, store, "/vit", unmasked, cfg)
		return c.task(v.Name, store, v.Training), "/vit", store.InitializeVariables(c.Backend, nil)
	}
	task, err = c.selfDistillationTask(v, store)
	return task, "/" + selfAverage + "/vit", err
}

// selfDistillationTask trains features by agreement with their own average.
func (c *Trainer) selfDistillationTask(v Variant, store *model.Store) (train.Task, error) {
	t, size, seed, opt := v.Training, c.Config.Size, c.Config.Seed+3000, adam(v.Name)
	network.Seed(store, seed)
	method := SelfDistillation{Net: *v.ViT, Patches: v.Objective == DINO2}
	exec, err := model.NewExec(c.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		g := args[0].Graph()
		store.SetTraining(g, true)
		loss, views, patches, entropy := method.Loss(root, args[0], args[1], args[2])
		variables := optim.Variables(root.At(selfStudent), g)
		norm := t.optimizer(opt, "patch_embed", "class_head", "patch_head").Update(variables, loss, args[3])
		optim.EMA(variables, "/"+selfStudent, "/"+selfAverage, args[4])
		return []*Node{loss, views, patches, entropy, norm}
	})
	if err != nil {
		return train.Task{}, err
	}
	patches := v.ViT.Patches()
	task := c.task(v.Name, store, t, "loss", "views", "patches", "entropy", "grad")
	t.feed(&task, exec, dataset.NewLoader(c.Data.Train(), t.Batch, seed, "pretrain/"+v.Name), opt, func(step int, b dataset.Batch, coefficients *tensors.Tensor) []*tensors.Tensor {
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
		return []*tensors.Tensor{
			train.F32(global, 2*t.Batch, size, size, 3), train.F32(mask, 2*t.Batch, patches),
			train.F32(local, localViews*t.Batch, size, size, 3), coefficients, train.Scalar(float32(selfDecay(step, t.Steps))),
		}
	})
	return task, nil
}

// selfDecay is the smaller of two decays: averageDecay's rise to 1 along half a cosine (DINO §3.1), and the warm-up (1+step)/(10+step),
// in which the average forgets its start. DINO has no warm-up. In short trainings, such as those of the CPU's variants, the warm-up
// is always the smaller one, and averageDecay has no effect.
func selfDecay(step, steps int) float64 {
	decay := 1 - (1-averageDecay)*(1+math.Cos(math.Pi*float64(step)/float64(steps)))/2
	return math.Min(decay, float64(1+step)/float64(10+step))
}
