package sweep

import (
	"cmp"
	"context"
	"fmt"
	"maps"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// Inputs are what all runs of a sweep share.
type Inputs struct {
	Bundle    *pretrain.Bundle // nil where Published is distilled
	Published *Published
	Data      dataset.Dataset
	Setup     protocol.Setup // of every evaluation
}

// Published is a model of others that is distilled in a bundle's place, with the networks that score.
type Published struct {
	distill.Base
	Preset     distill.Config    // that users change
	Extractors map[string]string // by FeaturesRole and CaptionsRole, what tells the network and its weights
	Open       func(ctx context.Context, backend compute.Backend) (protocol.Extractors, error)
}

// preset is the config that users change.
func (in Inputs) preset(scale string) (distill.Config, error) {
	if in.Published != nil {
		return in.Published.Preset, nil
	}
	return distill.DefaultConfig(scale)
}

// NewPublished is NewInputs for a published teacher, at its guidance.
func NewPublished(p Published, guidance float64, data dataset.Dataset, images int) (Inputs, error) {
	in := Inputs{Published: &p, Data: data, Setup: protocol.DefaultSetup(distill.LatentScale)}
	in.Setup.Guidance = guidance
	in.Setup.Batch = pipeline.Batch(p, in.Setup.Batch)
	in, err := in.within(images)
	in.Setup.Batch = min(in.Setup.Batch, max(1, in.Setup.Images))
	return in, err
}

// Base is what is distilled.
func (in Inputs) Base() distill.Base {
	if in.Published != nil {
		return in.Published.Base
	}
	return in.Bundle
}

// NewInputs takes a scale's evaluation, with fewer pictures where the dataset holds out too few: one half is generated for and
// compared with, the other is the real pictures' own score. images > 0 asks for so many pictures instead of the scale's.
func NewInputs(b *pretrain.Bundle, data dataset.Dataset, scale string, images int) (Inputs, error) {
	if err := b.MadeFor(data); err != nil {
		return Inputs{}, fmt.Errorf("%w: run `go run ./experiments/pretrain` on it first", err)
	}
	in := Inputs{Bundle: b, Data: data, Setup: protocol.DefaultSetup(scale)}
	return in.within(images)
}

// within sets the number of pictures: images, or the setup's if that is 0, at most half of what the data hold out.
func (in Inputs) within(images int) (Inputs, error) {
	data := in.Data
	if err := Enough(data); err != nil {
		return Inputs{}, err
	}
	heldout := data.Heldout().Len()
	switch {
	case images > heldout/2:
		return Inputs{}, fmt.Errorf("sweep: images = %d, want at most half of the %d held-out pictures of %s", images, heldout, data.Name())
	case images > 0 && images < least:
		return Inputs{}, fmt.Errorf("sweep: images = %d, want at least %d", images, least)
	}
	if asked := min(cmp.Or(images, in.Setup.Images), heldout/2); asked != in.Setup.Images {
		in.Setup.Images, in.Setup.Blocks = asked, min(in.Setup.Blocks, asked/2)
	}
	return in, in.Setup.Validate()
}

const least = 2 * (eval.PRNeighbours + 1) // pictures of an evaluation, for its precision

// Enough is an error where a dataset holds out too few pictures for the smallest evaluation.
func Enough(data dataset.Dataset) error {
	if heldout := data.Heldout().Len(); heldout < 2*least {
		return fmt.Errorf("sweep: data %s has %d held-out pictures, want at least %d", data.Name(), heldout, 2*least)
	}
	return nil
}

var scorers = []string{"classifier", "pair"}

func (in Inputs) evaluation(subject string, parts ...string) Evaluation {
	e := Evaluation{Kind: "evaluate", Recipe: evaluationRecipe, Subject: subject, DataHash: in.Data.Hash(), Weights: map[string]string{}, Setup: in.Setup}
	if in.Published != nil {
		for _, part := range parts {
			e.Weights[part] = in.Published.Hash(part)
		}
		maps.Copy(e.Weights, in.Published.Extractors)
		return e
	}
	for _, part := range append(parts, scorers...) {
		if in.Bundle.Has(part) {
			e.Weights[part] = in.Bundle.Files[part]
		}
	}
	return e
}

func (in Inputs) real() Job {
	e := in.evaluation(Real)
	e.Setup.Guidance = 0 // nothing is guided, here and below
	return Job{Label: "real pictures", Evaluation: e}
}

func (in Inputs) teacher(label, net, sampler string, steps int) Job {
	parts := []string{"text", cmp.Or(net, "teacher")}
	if _, ok := in.Base().(distill.Autoencoded); ok {
		parts = append(parts, "vae")
	}
	e := in.evaluation(Teacher, parts...)
	e.Net = net
	usual := pipeline.Teacher(steps, in.Setup.Guidance)
	e.Sampling = &Sampling{Sampler: cmp.Or(sampler, usual.Sampler.Name()), Steps: steps, Guidance: usual.Guidance}
	return Job{Label: label, Evaluation: e}
}

func (in Inputs) student(label string, cfg distill.Config, steps int, form diffusion.Form) (Job, error) {
	base := in.Base()
	if err := cfg.Validate(); err != nil {
		return Job{}, fmt.Errorf("sweep: %s: %w", label, err)
	}
	if err := base.Want(cfg.Parts()...); err != nil {
		return Job{}, err
	}
	if err := fits(cfg.Times, steps); err != nil {
		return Job{}, fmt.Errorf("sweep: %s: %w", label, err)
	}
	run := distill.NewRunConfig(cfg, base, in.Data)
	hash, err := record.Hash(run)
	if err != nil {
		return Job{}, err
	}
	e := in.evaluation(Student)
	e.Setup.Guidance = 0
	e.Run, e.Net = hash, cfg.StudentNet
	e.Sampling = &Sampling{Sampler: fewStep(cfg, steps, form), Steps: max(steps, 1), Times: cfg.Times, UnitNoise: in.unitNoise(cfg)}
	return Job{Label: label, Evaluation: e, Train: &run, Seed: cfg.Seed}, nil
}

// unitNoise is Sampling.UnitNoise of a student.
func (in Inputs) unitNoise(cfg distill.Config) bool {
	base := in.Base()
	return !base.UnitNoise(false) && base.UnitNoise(cfg.Consistency != nil)
}

// fewStep names how a student draws in so many steps. One step is the same in every form.
func fewStep(cfg distill.Config, steps int, form diffusion.Form) string {
	if steps > 1 {
		form = cmp.Or(form, cfg.Form())
	}
	return diffusion.FewStep{Form: form}.Name()
}

// fits is an error where a student of these times does not draw in so many steps.
func fits(times []int, steps int) error {
	_, err := pipeline.FewSteps("", times, max(steps, 1), "").Sampler.Plan(diffusion.Cosine{}, max(steps, 1))
	return err
}
