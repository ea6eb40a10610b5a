package pretrain

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// TeacherTask trains the diffusion model (scope /teacher, average in /teacher_ema), conditioned on the contrastive text encoder
// (scope /text). Config.TuneText trains that too (average in /text_ema).
func (c *Trainer) TeacherTask(store *model.Store) (train.Task, error) {
	return c.teacherTask("teacher", store, c.Config.Networks.UNet, c.Config.TeacherTraining, c.Config.TuneText)
}

// teacherTask trains any backbone as teacher.
func (c *Trainer) teacherTask(name string, store *model.Store, net network.Backbone, t Training, tuneText bool) (train.Task, error) {
	size, seed, opt := c.Config.Size, c.Config.Seed+4000, adam("teacher")
	opt.WeightDecay = 0
	network.Seed(store, seed)
	schedule, err := diffusion.ScheduleByName(c.Config.Schedule)
	if err != nil {
		return train.Task{}, err
	}
	text, prediction := c.Config.Networks.Text, c.Config.Prediction
	exec, err := model.NewExec(c.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		x0, eps, level, ids := args[0], args[1], diffusion.LevelFrom(args[2]), args[3]
		g := x0.Graph()
		store.SetTraining(g, true)
		cond := diffusion.EncodeText(root.At("text"), text, ids)
		xt := diffusion.Diffuse(x0, eps, level)
		out := net.Apply(root.At("teacher"), xt, MulScalar(level.T, 1000.0), cond.Tokens, cond.Pooled)
		difference := Sub(out, diffusion.Target(prediction, x0, eps, level))
		loss := ReduceAllMean(Mul(args[6], ReduceMean(Mul(difference, difference), 1, 2, 3)))
		variables := optim.Variables(root.At("teacher"), g)
		if tuneText {
			variables = append(variables, optim.Variables(root.At("text"), g)...)
		}
		norm := t.optimizer(opt, append(net.Outer(), "text")...).Update(variables, loss, args[4])
		decay := args[5]
		optim.EMA(optim.Variables(root.At("teacher"), g), "/teacher", "/teacher_ema", decay)
		if tuneText {
			optim.EMA(optim.Variables(root.At("text"), g), "/text", "/text_ema", decay)
		}
		return []*Node{loss, norm}
	})
	if err != nil {
		return train.Task{}, err
	}
	null, negative := c.Words.Encode(""), c.Words.Encode(c.Config.NegativeCaption)
	area := size * size * 3
	task := c.task(name, store, t, "loss", "grad")
	t.feed(&task, exec, dataset.NewLoader(c.Data.Train(), t.Batch, seed, "pretrain/teacher"), opt, func(step int, b dataset.Batch, coefficients *tensors.Tensor) []*tensors.Tensor {
		r := rng.New(seed, "pretrain/teacher", step)
		ids := c.Words.EncodeAll(b.Captions)
		times, weight := make([]float64, t.Batch), make([]float32, t.Batch)
		for i := range times {
			times[i] = drawTime(r, i, t.Batch, c.Config.LogitNormalShare)
			weight[i] = lossWeight(schedule, prediction, times[i], c.Config.MinSNR)
			switch u := r.Float64(); {
			case u < c.Config.CaptionDrop:
				copy(ids[i*len(null):], null)
			case u < c.Config.CaptionDrop+c.Config.NegativeShare:
				copy(ids[i*len(null):], negative)
				blur(b.Images[i*area:(i+1)*area], size)
			}
		}
		return []*tensors.Tensor{
			train.F32(b.Images, t.Batch, size, size, 3),
			train.F32(rng.Normal(r, len(b.Images)), t.Batch, size, size, 3),
			train.F32(diffusion.Levels(schedule, times), t.Batch, 3),
			train.I32(ids, t.Batch, c.Words.Context),
			coefficients,
			train.Scalar(emaDecay(c.Config.EMA, step)),
			train.F32(weight, t.Batch),
		}
	})
	return task, nil
}

// emaDecay warms up, so that an early average forgets its start. See Config.EMA.
func emaDecay(decay float64, step int) float32 {
	return float32(math.Min(decay, float64(1+step)/float64(10+step)))
}
