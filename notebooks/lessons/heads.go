package lessons

import (
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/report/plot"
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

// HeadCurves is what trials of heads gave: one curve per trial in each plot.
type HeadCurves struct {
	Accuracy, Gap, R1 plot.Curves
}

// TrainHeads runs the trials one after the other on the same pictures.
func (l *Lab) TrainHeads(trials ...HeadTrial) (HeadCurves, error) {
	out := HeadCurves{
		Accuracy: plot.Curves{Title: "Share of tokens that are told right, mean of real and generated", YLabel: "accuracy", Smooth: 5},
		Gap:      plot.Curves{Title: "Mean logit on real less that on generated pictures", YLabel: "logit gap", Smooth: 5},
		R1:       plot.Curves{Title: "R1: squared gradient of the logits at the inputs of the heads, on real pictures", YLabel: "R1", LogY: true, Smooth: 5},
	}
	stock, err := l.fakes()
	if err != nil {
		return out, err
	}
	for _, t := range trials {
		values, err := l.trainHeads(t.Config, stock)
		if err != nil {
			return out, fmt.Errorf("%s: %w", t.Name, err)
		}
		for i, plotted := range []*plot.Curves{&out.Accuracy, &out.Gap, &out.R1} {
			curve := plot.Curve{Name: t.Name}
			for step, v := range values {
				curve.Steps = append(curve.Steps, step+1)
				curve.Values = append(curve.Values, []float64{(v[0] + v[1]) / 2, v[2] - v[3], v[4]}[i])
			}
			plotted.Curves = append(plotted.Curves, curve)
		}
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
	if f.captions, f.real, err = first(l.Data.Train(), 4*fakesBatch); err != nil {
		return f, err
	}
	f.fake, err = l.draw(pipeline.Teacher(1, 0), f.captions)
	return f, err
}

// HeadInputs is what heads get in a step: the tokens of every tap, [B,T,C], of real and of generated pictures, and the condition, [B,E].
type HeadInputs struct {
	Heads      *discriminator.Heads
	Real, Fake []*Node
	Cond       *Node
}

// OnHeads computes numbers from new heads on one batch.
func (l *Lab) OnHeads(cfg discriminator.Config, numbers func(in HeadInputs) []*Node) ([]float64, error) {
	stock, err := l.fakes()
	if err != nil {
		return nil, err
	}
	values, err := l.runHeads(cfg, stock, 1, func(in HeadInputs, _ func(loss *Node)) []*Node { return numbers(in) })
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

// trainHeads gives, for every step, accuracy on real and generated pictures, mean logits on both, and R1.
func (l *Lab) trainHeads(cfg discriminator.Config, stock forgeries) ([][]float64, error) {
	return l.runHeads(cfg, stock, l.HeadSteps, func(in HeadInputs, learn func(loss *Node)) []*Node {
		realLogits, r1 := in.Heads.LogitsR1(in.Real, in.Cond)
		loss := cfg.DiscriminatorLoss(realLogits, in.Heads.Logits(in.Fake, in.Cond), r1, cfg.R1Weight)
		learn(loss.Total)
		return []*Node{loss.RealAccuracy, loss.FakeAccuracy, loss.RealLogit, loss.FakeLogit, loss.R1}
	})
}

// alone refuses what a discriminator has in distillation only.
func alone(cfg discriminator.Config) error {
	f := check.Fields{Of: "discriminator"}
	f.Also(cfg.Validate())
	f.Want(cfg.Renoise == nil && !cfg.Level, "renoise, level", fmt.Sprint(cfg.Renoise, ", ", cfg.Level), "none for heads that are trained alone")
	f.Want(cfg.PerCaption <= 1, "per_caption", cfg.PerCaption, "0 for heads that are trained alone")
	f.Want(cfg.R1Every == 1, "r1_every", cfg.R1Every, "1 for heads that are trained alone")
	return f.Err
}

// runHeads computes numbers of new heads, a batch for each step; learn moves the heads down a loss.
func (l *Lab) runHeads(cfg discriminator.Config, stock forgeries, steps int, numbers func(in HeadInputs, learn func(loss *Node)) []*Node) ([][]float64, error) {
	if err := alone(cfg); err != nil {
		return nil, err
	}
	bundle, store, backend := l.Bundle.Config, model.NewStore(), l.Engine().Backend
	defer store.Finalize()
	if err := l.Bundle.Into(backend, store, "text", "features"); err != nil {
		return nil, err
	}
	vit := bundle.Networks.Features
	blocks := cfg.Blocks(vit.Depth)
	widths := slices.Repeat([]int{vit.Width}, len(blocks))
	const scope = "discriminator"
	if err := discriminator.Init(store, "/"+scope, widths, cfg.CondDim(bundle.Networks.Text.Projection, vit.Width), cfg, 1); err != nil {
		return nil, err
	}
	opt := optim.AdamW{Name: scope, Beta2: 0.99, Epsilon: 1e-8}
	exec, err := model.NewExec(backend, store, func(root *model.Scope, args []*Node) []*Node {
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
			}, img, view, cfg)
		}
		text, class := diffusion.EncodeText(root.At("text"), bundle.Networks.Text, ids).Pooled, see(real).Class()
		in := HeadInputs{
			Heads: discriminator.Bind(root.At(scope), g, cfg, true),
			Real:  tokens(real, realView), Fake: tokens(fake, fakeView),
			Cond: discriminator.Condition(cfg, discriminator.Conditions{Text: text, Image: class}),
		}
		out := numbers(in, func(loss *Node) { opt.Update(optim.Variables(root.At(scope), g), loss, rate) })
		// Some engines want every input used.
		out[0] = Add(out[0], MulScalar(Add(ReduceAllSum(rate), Add(ReduceAllSum(text), ReduceAllSum(class))), 0.0))
		return out
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	var values [][]float64
	for step := 1; step <= steps; step++ {
		if err := l.ctx.Err(); err != nil {
			return nil, err
		}
		v, err := train.Call(exec, l.headInputs(cfg, opt, stock, step)...)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// headInputs draws a batch of the stock.
func (l *Lab) headInputs(cfg discriminator.Config, opt optim.AdamW, stock forgeries, step int) []*tensors.Tensor {
	const rate = 2e-3
	size, words := l.Bundle.Config.Size, l.Bundle.Words
	n := min(fakesBatch, len(stock.captions))
	var captions []string
	var real, fake []dataset.Image
	for _, i := range rng.New(1, "notebook/heads", step).Perm(len(stock.captions))[:n] {
		captions, real, fake = append(captions, stock.captions[i]), append(real, stock.real[i]), append(fake, stock.fake[i])
	}
	view := func(purpose string) *tensors.Tensor {
		r := rng.New(1, purpose, step)
		return train.F32(discriminator.DrawView(r, cfg, n, size), n, discriminator.AugmentParams)
	}
	return []*tensors.Tensor{
		train.F32(flat(real), n, size, size, 3), train.F32(flat(fake), n, size, size, 3), view("notebook/real-view"), view("notebook/fake-view"),
		train.I32(words.EncodeAll(captions), n, words.Context), train.F32(opt.Coefficients(rate, step), 3),
	}
}
