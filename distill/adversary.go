package distill

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// adversary is the discriminator, its update, and what it says to the student. Other methods may use it beside a loss of their own.
type adversary struct{ setup }

// adversaryInputs are the inputs of the discriminator's update, nil where the config has none.
type adversaryInputs[T any] struct {
	RealView, FakeView   T // [B,V]: augmentation of both
	RealCrop, FakeCrop   T // [2,F,S]: how larger pictures come to the side F of the features
	RealNoise, FakeNoise T // [B,S,S,3]: noise that both get then, where Renoise is set
	RealAt, FakeAt       T // [B,3]: its levels; at t = 0 for a teacher's features without noise
	HeadsRate            T // the optimiser's coefficients
}

// Init implements Method: the heads, on taps of the feature network.
func (a adversary) Init(store *model.Store) error {
	if a.cfg.Adversarial == 0 {
		return nil
	}
	cfg := a.cfg.Discriminator
	widths, err := a.headWidths()
	if err != nil {
		return err
	}
	condition := cfg.CondDim(a.base.TextWidth(), a.base.ImageEncoder().Width)
	if err := discriminator.Init(store, "/"+discriminatorScope, widths, condition, cfg, a.cfg.Seed); err != nil {
		return fmt.Errorf("distill: %w", err)
	}
	return nil
}

// Losses implements Method: the losses, what tells their health, and the norms of gradients at x̂_θ, of student and of heads.
func (adversary) Losses() []string {
	return []string{
		"g_adv", "distill", "d_real", "d_fake", "r1", "acc_real", "acc_fake", "logit_real", "logit_fake",
		"adv_grad", "distill_grad", "student_grad", "d_grad", "pixel_var", "auc_pure", "gap_pure",
	}
}

// updates are those of a step, every R1Every-th with the penalty: the discriminator's own first, then the one that moves the student too.
func updates[N any, H moving](t terms, step int, draw func(b dataset.Batch, step, number int) H, update func(n networks, in N, r1, alone bool) map[string]*Node) []Update {
	d, name := t.cfg.Discriminator, "plain"
	r1 := t.cfg.Adversarial > 0 && d.R1Weight > 0 && step%d.R1Every == 0
	if r1 {
		name = "with R1"
	}
	if t.match.on(step) {
		name += ", matching"
	}
	one := func(name string, alone bool) Update {
		if t.adversary.splits() && !alone {
			return split(t.adversary.setup, name, func(b dataset.Batch, number int) H { return draw(b, step, number) }, func(root *model.Scope, in N) map[string]*Node {
				return update(networks{t.adversary.setup, root, true}, in, r1, false)
			})
		}
		return Update{
			Name: name,
			Draw: func(b dataset.Batch, number int) any { return draw(b, step, number) },
			Graph: train.GraphOf(func(root *model.Scope, in N) map[string]*Node {
				return update(networks{t.adversary.setup, root, false}, in, r1, alone)
			}),
		}
	}
	var all []Update
	for range t.cfg.DiscriminatorUpdates - 1 {
		all = append(all, one("discriminator, "+name, true))
	}
	return append(all, one(name, false))
}

// draw makes the inputs for so many pictures. Every batch moves the heads once, so that number counts their updates.
func (a adversary) draw(step, number, pictures int) (in adversaryInputs[*tensors.Tensor]) {
	if a.cfg.Adversarial > 0 {
		in.RealView, in.FakeView = a.view("real-view", number, pictures), a.view("fake-view", number, pictures)
		if side := a.featuresSide(); side != a.base.Size() {
			in.RealCrop, in.FakeCrop = a.crop("real-crop", number, side), a.crop("fake-crop", number, side)
		}
		if r := a.cfg.Discriminator.Renoise; r != nil {
			in.RealNoise, in.FakeNoise = a.normal("real-renoise", number, pictures), a.normal("fake-renoise", number, pictures)
			in.RealAt, in.FakeAt = a.levels(r.Times(a.random("real-at", number), pictures)), a.levels(r.Times(a.random("fake-at", number), pictures))
		} else if a.encodes() {
			in.RealAt, in.FakeAt = a.levels(make([]float64, pictures)), a.levels(make([]float64, pictures))
		}
		in.HeadsRate = coefficients(a.headsOptimiser, a.cfg.DiscriminatorRate.At(step, a.cfg.Steps), number)
	}
	return in
}

// update moves the discriminator against L_adv^D (ADD eq. 3) and returns the gradient of L_adv^G (ADD eq. 2) at x0 = x̂_θ.
//
// Both share the pass over the generated pictures, augmented once: the student's gradient goes through heads and features to x̂_θ, the
// discriminator's stops at the features.
func (a adversary) update(n networks, seen studentInputs[*Node], in adversaryInputs[*Node], x0 *Node, text diffusion.Cond, r1 bool, losses map[string]*Node) *Node {
	gradient, _ := a.judge(n, seen, in, x0, text, r1, losses)
	return gradient
}

// judge is update, and gives what the discriminator says to each generated picture: logits [B], the mean over tokens and heads.
func (a adversary) judge(n networks, seen studentInputs[*Node], in adversaryInputs[*Node], x0 *Node, text diffusion.Cond, r1 bool, losses map[string]*Node) (gradient, logits *Node) {
	cfg, g := a.cfg.Discriminator, x0.Graph()
	heads := discriminator.Bind(n.root.At(discriminatorScope), g, cfg, true)

	// The condition: c_text, c_img of the real picture, which is 0 where x_s is pure noise, s, and the level that the features see.
	told := discriminator.Conditions{Text: text.Pooled, StudentTime: diffusion.LevelFrom(seen.Level).T}
	if cfg.Image {
		told.Image = Mul(StopGradient(n.imageEmbedding(seen)), InsertAxes(Sign(diffusion.LevelFrom(seen.Start).Alpha), 1))
	}
	condition := func(at *Node) *Node {
		in := told
		if at != nil {
			in.Level = diffusion.LevelFrom(at).T
		}
		return discriminator.Condition(cfg, in)
	}
	realCond, fakeCond := condition(in.RealAt), condition(in.FakeAt)

	// F_k of generated and real pictures, [B,T,C] each, and the logits D_k of the generated ones.
	features := func(img, view, crop, noise, at *Node) []*Node {
		return discriminator.Features(func(img *Node) []*Node {
			var level diffusion.Level
			if at != nil {
				level = diffusion.LevelFrom(at)
			}
			if crop != nil {
				img = discriminator.Crop(img, crop)
			}
			if noise != nil {
				img = diffusion.Diffuse(img, noise, level)
			}
			return n.features(img, level, text)
		}, img, view, cfg)
	}
	clean := Identity(StopGradient(x0))
	fakeTokens := features(n.picture(clean), in.FakeView, in.FakeCrop, in.FakeNoise, in.FakeAt)
	realTokens := features(n.original(seen), in.RealView, in.RealCrop, in.RealNoise, in.RealAt)
	fake := make([]*Node, len(fakeTokens))
	for k, tokens := range fakeTokens {
		fake[k] = Identity(StopGradient(tokens))
	}
	fakeLogits := heads.Logits(fake, fakeCond)

	// Eq. 3: hinge loss, and R1 = E Σ_k ‖∇_{f_k} Σ_i D_k(f_k)_i‖² at the inputs of the heads, f_k = sg(F_k(x₀)), i over tokens.
	var loss discriminator.Loss
	var realLogits []*Node
	if r1 {
		var penalty *Node
		realLogits, penalty = heads.LogitsR1(realTokens, realCond)
		loss = cfg.DiscriminatorLoss(realLogits, fakeLogits, penalty, cfg.R1Weight*float64(cfg.R1Every))
		losses["r1"] = penalty
	} else {
		for k := range realTokens {
			realTokens[k] = StopGradient(realTokens[k])
		}
		realLogits = heads.Logits(realTokens, realCond)
		loss = cfg.DiscriminatorLoss(realLogits, fakeLogits, nil, 0)
	}
	s := told.StudentTime
	first := ConvertDType(GreaterOrEqual(s, Scalar(g, s.DType(), float64(a.cfg.Times[0])/1000-1e-6)), s.DType()) // [B], 1 where sampling begins
	losses["auc_pure"], losses["gap_pure"] = discriminator.AUC(realLogits, fakeLogits, first)

	// Eq. 2, from the logits to the tokens, and from there through the frozen features to the picture.
	generator := cfg.GeneratorLoss(fakeLogits)
	atTokens := Gradient(MulScalar(generator, a.cfg.Adversarial), fake...)
	pulled := ReduceAllSum(Mul(fakeTokens[0], StopGradient(atTokens[0])))
	for k, tokens := range fakeTokens[1:] {
		pulled = Add(pulled, ReduceAllSum(Mul(tokens, StopGradient(atTokens[k+1]))))
	}
	gradient = Gradient(pulled, clean)[0]

	losses["d_grad"] = a.headsOptimiser.Update(optim.Variables(n.root.At(discriminatorScope), g), loss.Total, in.HeadsRate)
	losses["g_adv"], losses["adv_grad"] = generator, l2(gradient)
	losses["d_real"], losses["acc_real"], losses["logit_real"] = loss.Real, loss.RealAccuracy, loss.RealLogit
	losses["d_fake"], losses["acc_fake"], losses["logit_fake"] = loss.Fake, loss.FakeAccuracy, loss.FakeLogit
	return gradient, discriminator.PictureLogits(fakeLogits)
}
