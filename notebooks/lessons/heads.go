package lessons

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// fakesBatch is the batch of a discriminator that is trained alone.
const fakesBatch = 16

// HeadTrial trains a discriminator alone: it tells real pictures from what the teacher draws in one step, which stays as it is.
type HeadTrial struct {
	Name   string
	Config discriminator.Config
}

// Trials are trials of one name each, with an edit of the default discriminator.
func Trials(edits map[string]func(c *discriminator.Config), names ...string) (trials []HeadTrial) {
	for _, name := range names {
		t := HeadTrial{name, discriminator.DefaultConfig()}
		edits[name](&t.Config)
		trials = append(trials, t)
	}
	return trials
}

// HeadCurves is what trials of heads gave: one curve per trial in each plot.
type HeadCurves struct {
	Accuracy, Gap, R1 report.Curves
}

// TrainHeads runs the trials one after the other on the same pictures.
func (l *Lab) TrainHeads(trials ...HeadTrial) (HeadCurves, error) {
	out := HeadCurves{
		Accuracy: report.Curves{Title: "Share of tokens that are told right, mean of real and generated", YLabel: "accuracy", Smooth: 5},
		Gap:      report.Curves{Title: "Mean logit on real less that on generated pictures", YLabel: "logit gap", Smooth: 5},
		R1:       report.Curves{Title: "R1: squared gradient of the logits at the inputs of the heads, on real pictures", YLabel: "R1", LogY: true, Smooth: 5},
	}
	world, err := l.fakes()
	if err != nil {
		return out, err
	}
	for _, t := range trials {
		steps, values, err := l.trainHeads(t.Config, world)
		if err != nil {
			return out, fmt.Errorf("%s: %w", t.Name, err)
		}
		curve := func(of func(v []float64) float64) report.Curve {
			c := report.Curve{Name: t.Name, Steps: steps}
			for _, v := range values {
				c.Values = append(c.Values, of(v))
			}
			return c
		}
		out.Accuracy.Curves = append(out.Accuracy.Curves, curve(func(v []float64) float64 { return (v[0] + v[1]) / 2 }))
		out.Gap.Curves = append(out.Gap.Curves, curve(func(v []float64) float64 { return v[2] - v[3] }))
		out.R1.Curves = append(out.R1.Curves, curve(func(v []float64) float64 { return v[4] }))
	}
	return out, nil
}

// forgeries are real pictures and generated ones for the same captions.
type forgeries struct {
	captions   []string
	real, fake []dataset.Image
}

// fakes draws a stock that all trials share.
func (l *Lab) fakes() (f forgeries, err error) {
	stock := min(4*fakesBatch, l.Data.Train().Len())
	for i := range stock {
		s, err := l.Data.Train().Sample(i)
		if err != nil {
			return f, err
		}
		f.captions, f.real = append(f.captions, s.Caption), append(f.real, s.Image)
	}
	p, err := l.pipeline()
	if err != nil {
		return f, err
	}
	f.fake, err = l.draw(p, pipeline.Teacher(1, 0), f.captions)
	return f, err
}

// trainHeads gives, for every step, accuracy on real and generated pictures, mean logits on both, and R1.
func (l *Lab) trainHeads(cfg discriminator.Config, world forgeries) (steps []int, values [][]float64, err error) {
	e, err := l.Engine()
	if err != nil {
		return nil, nil, err
	}
	bundle, store := l.Bundle.Config, model.NewStore()
	defer store.Finalize()
	if err := l.Bundle.Into(e.Backend, store, "text", "features"); err != nil {
		return nil, nil, err
	}
	vit := bundle.Networks.Features
	blocks := cfg.Blocks(vit.Depth)
	widths := make([]int, len(blocks))
	for i := range widths {
		widths[i] = vit.Width
	}
	const scope = "discriminator"
	if err := discriminator.Init(store, "/"+scope, widths, cfg.CondDim(bundle.Networks.Text.Projection, vit.Width), cfg, 1); err != nil {
		return nil, nil, err
	}
	opt := optim.AdamW{Name: scope, Beta2: 0.99, Epsilon: 1e-8}
	exec, err := model.NewExec(e.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		real, fake, realView, fakeView, ids, rate := args[0], args[1], args[2], args[3], args[4], args[5]
		g := real.Graph()
		store.SetTraining(g, true)
		see := func(img *Node) network.ViTResult { return network.ViT(root.At("features"), vit, img, nil) }
		tokens := func(img, view *Node) []*Node {
			return discriminator.Features(func(x *Node) (taps []*Node) {
				all := see(x).Taps
				for _, block := range blocks {
					taps = append(taps, StopGradient(all[block]))
				}
				return taps
			}, img, view, cfg, vit.ImageSize)
		}
		text := diffusion.EncodeText(root.At("text"), bundle.Networks.Text, ids)
		cond := discriminator.Condition(cfg, text.Pooled, see(real).Class())
		heads := discriminator.Bind(root.At(scope), g, cfg, true)
		realLogits, r1 := heads.LogitsR1(tokens(real, realView), cond)
		loss := discriminator.DiscriminatorLoss(realLogits, heads.Logits(tokens(fake, fakeView), cond), r1, cfg.R1Weight)
		opt.Update(optim.Variables(root.At(scope), g), loss.Total, rate)
		unused := MulScalar(Add(ReduceAllSum(text.Pooled), ReduceAllSum(see(real).Class())), 0.0) // some engines want every input used
		return []*Node{Add(loss.RealAccuracy, unused), loss.FakeAccuracy, loss.RealLogit, loss.FakeLogit, loss.R1}
	})
	if err != nil {
		return nil, nil, err
	}
	defer exec.Finalize()
	for step := 1; step <= l.HeadSteps; step++ {
		if err := l.ctx.Err(); err != nil {
			return nil, nil, err
		}
		v, err := train.Call(exec, l.headInputs(cfg, opt, world, step)...)
		if err != nil {
			return nil, nil, err
		}
		steps, values = append(steps, step), append(values, v)
	}
	return steps, values, nil
}

// headInputs draws a batch of the stock.
func (l *Lab) headInputs(cfg discriminator.Config, opt optim.AdamW, world forgeries, step int) []*tensors.Tensor {
	const rate = 2e-3
	size, words := l.Bundle.Config.Size, l.Bundle.Words
	n := min(fakesBatch, len(world.captions))
	var captions []string
	var real, fake []dataset.Image
	for _, i := range rng.New(1, "notebook/heads", step).Perm(len(world.captions))[:n] {
		captions, real, fake = append(captions, world.captions[i]), append(real, world.real[i]), append(fake, world.fake[i])
	}
	view := func(purpose string) *tensors.Tensor {
		r := rng.New(1, purpose, step)
		return train.F32(discriminator.DrawView(r, cfg, n, size, l.Bundle.Config.Networks.Features.ImageSize), n, discriminator.ViewParams)
	}
	return []*tensors.Tensor{
		train.F32(flat(real), n, size, size, 3), train.F32(flat(fake), n, size, size, 3), view("notebook/real-view"), view("notebook/fake-view"),
		train.I32(words.EncodeAll(captions), n, words.Context), train.F32(opt.Coefficients(rate, step), 3),
	}
}
