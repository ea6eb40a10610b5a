package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/sweep"
)

// drawing is how the pictures of a method are drawn. With several samplings, those of a cell's seeds, each draws its share of the captions.
type drawing struct {
	bundle    *pretrain.Bundle
	samplings []pipeline.Sampling
	scale     string
}

// batchLimit bounds the pictures of one pass.
const batchLimit = 32

// draws checks that the sampling is possible before an engine is opened.
func (s *source) draws(d *drawing) error {
	s.drawing = d
	p := pipeline.New(nil, d.bundle)
	for _, sampling := range d.samplings {
		if _, err := p.Plan(sampling); err != nil {
			return err
		}
	}
	return nil
}

func (o options) bundle() (*pretrain.Bundle, error) {
	dir := o.pretrained
	if dir == "" {
		dir = pretrain.DefaultDir(o.set.Label(), "cpu")
	}
	return pretrain.LoadBundle(dir)
}

func (o options) openTeacher(s *source) error {
	b, err := o.bundle()
	if err != nil {
		return err
	}
	if s.steps == 0 {
		s.steps = 25
	}
	s.about = fmt.Sprintf("teacher of %s, %s", b.Dir, fold.Count(s.steps, "step"))
	return s.draws(&drawing{bundle: b, samplings: []pipeline.Sampling{pipeline.Teacher(s.steps, protocol.DefaultSetup("cpu").Guidance)}, scale: "cpu"})
}

func (o options) openShipped(s *source) error {
	b, err := o.bundle()
	if err != nil {
		return err
	}
	student, found := sweep.Shipped(b)
	if !found {
		return fmt.Errorf("%s holds no student", b.Dir)
	}
	steps := max(s.steps, 1)
	s.about = fmt.Sprintf("student of %s, %s: %s", b.Dir, fold.Count(steps, "step"), b.Student.About)
	return s.draws(&drawing{bundle: b, samplings: []pipeline.Sampling{student.Steps(steps, "").Sampling}, scale: student.Config.Distill.Scale})
}

// heldoutMost is how many held-out captions the seed chooses from, where there is no end of them.
const heldoutMost = 100_000

// heldout are held-out captions of the data that the networks know, chosen by the seed.
func (o options) heldout(ctx context.Context, sources []source, warnf func(format string, args ...any)) (prompts []prompt, err error) {
	data, err := o.set.Open(ctx, sources[0].drawing.bundle.Config.Size, warnf)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if err := s.drawing.bundle.MadeFor(data); err != nil {
			return nil, fmt.Errorf("method %q: %w: say --data", s.name, err)
		}
	}
	heldout := data.Heldout()
	n := min(heldout.Len(), heldoutMost)
	chosen := rng.New(o.seed, "prefer/chosen", 0).Perm(n)[:min(o.captions, n)]
	slices.Sort(chosen)
	var captions []string
	for _, i := range chosen {
		sample, err := heldout.Sample(i)
		if err != nil {
			return nil, err
		}
		captions = append(captions, sample.Caption)
	}
	return number(captions), nil
}

// strange names the words of captions that the networks have never seen.
func (d *drawing) strange(captions []string) string {
	var words []string
	for _, c := range captions {
		for _, w := range d.bundle.Words.UnknownWords(c) {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	if len(words) == 0 {
		return ""
	}
	more := ""
	if len(words) > 8 {
		more = fmt.Sprintf(" and %d more", len(words)-8)
	}
	return fmt.Sprintf("its networks have never seen %s%s", strings.Join(words[:min(8, len(words))], ", "), more)
}

// draw gives a PNG for every caption. Noise belongs to the place of a caption, so that all methods start from the same.
func (d *drawing) draw(ctx context.Context, e *engine.Engine, captions []string) ([][]byte, error) {
	p := pipeline.New(e.Backend, d.bundle)
	defer p.Close()
	all := make([][]byte, len(captions))
	area := d.bundle.Config.Size * d.bundle.Config.Size * 3
	for k, sampling := range d.samplings {
		g, err := p.Generator(sampling, min(len(captions), batchLimit))
		if err != nil {
			return nil, err
		}
		flat, _, err := g.Draw(ctx, captions, protocol.DefaultSetup(d.scale).Seed)
		if err != nil {
			return nil, err
		}
		for i := k; i < len(captions); i += len(d.samplings) {
			pix := flat[i*area : (i+1)*area]
			if slices.ContainsFunc(pix, func(v float32) bool { return v != v }) {
				return nil, fmt.Errorf("no numbers for %q: the student collapsed", captions[i])
			}
			if all[i], err = encode(pictures.EightBits(pix, d.bundle.Config.Size)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}
