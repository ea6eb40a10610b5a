package sweep

import (
	"cmp"
	"fmt"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// World is what all runs of a sweep have in common.
type World struct {
	Bundle *pretrain.Bundle
	Data   dataset.Dataset
	Setup  protocol.Setup // of every evaluation
}

// NewWorld takes a scale's evaluation, with fewer pictures where the dataset holds out too few: one half is generated for and
// compared with, the other is the real pictures' own score. images > 0 asks for so many pictures instead of the scale's.
func NewWorld(b *pretrain.Bundle, data dataset.Dataset, scale string, images int) (World, error) {
	if b.DataHash != data.Hash() {
		return World{}, fmt.Errorf("sweep: data %s has hash %s, want %s, on which the networks in %s were trained: run `go run ./experiments/pretrain` on it first",
			data.Name(), data.Hash(), b.DataHash, b.Dir)
	}
	w := World{Bundle: b, Data: data, Setup: protocol.DefaultSetup(scale)}
	if images > 0 {
		w.Setup.Images = images
		w.Setup.Blocks = min(w.Setup.Blocks, images/2)
	}
	have := data.Heldout().Len() / 2
	if have < images {
		return World{}, fmt.Errorf("sweep: images = %d, want at most half of the %d held-out pictures of %s", images, data.Heldout().Len(), data.Name())
	}
	if have < w.Setup.Images {
		w.Setup.Images = have
		w.Setup.Blocks = min(w.Setup.Blocks, have/2)
	}
	least := 2 * (eval.PRNeighbours + 1)
	if images > 0 && images < least {
		return World{}, fmt.Errorf("sweep: images = %d, want at least %d", images, least)
	}
	if w.Setup.Images < least {
		return World{}, fmt.Errorf("sweep: data %s has %d held-out pictures, want at least %d", data.Name(), data.Heldout().Len(), 2*least)
	}
	return w, w.Setup.Validate()
}

// judges are the parts of a bundle that score pictures.
var judges = []string{"classifier", "pair"}

func (w World) evaluation(subject string, parts ...string) Evaluation {
	e := Evaluation{Kind: "evaluate", Recipe: evaluationRecipe, Subject: subject, DataHash: w.Data.Hash(), Weights: map[string]string{}, Setup: w.Setup}
	for _, part := range append(parts, judges...) {
		if w.Bundle.Has(part) {
			e.Weights[part] = w.Bundle.Files[part]
		}
	}
	return e
}

func (w World) real() Job {
	e := w.evaluation(Real)
	e.Setup.Guidance = 0 // nothing is guided, here and below
	return Job{Label: "real pictures", Evaluation: e}
}

// teacher is the measurement of the bundle's teacher or of a variant of it.
func (w World) teacher(label, net string, steps int) Job {
	e := w.evaluation(Teacher, "text", cmp.Or(net, "teacher"))
	e.Net = net
	e.Sampling = &Sampling{Sampler: diffusion.DPMSolverPP2M{}.Name(), Steps: steps, Guidance: w.Setup.Guidance}
	return Job{Label: label, Evaluation: e}
}

// student is the measurement of a config's student at some steps.
func (w World) student(label string, cfg distill.Config, steps int, form diffusion.Form) (Job, error) {
	if err := w.Bundle.Want(cfg.Parts()...); err != nil {
		return Job{}, err
	}
	run := distill.NewRunConfig(cfg, w.Bundle, w.Data)
	hash, err := record.Hash(run)
	if err != nil {
		return Job{}, err
	}
	e := w.evaluation(Student)
	e.Setup.Guidance = 0
	e.Run, e.Net = hash, cfg.StudentNet
	e.Sampling = &Sampling{Sampler: diffusion.FewStep{Form: form}.Name(), Steps: max(steps, 1), Times: cfg.Times}
	return Job{Label: label, Evaluation: e, Train: &run, Seed: cfg.Seed}, nil
}
