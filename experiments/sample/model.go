package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/named"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/report/plot"
)

// modelOptions are those of a latent diffusion model.
type modelOptions struct {
	name, variant, negative string
	pictures                string   // folder for single pictures
	samplers                []string // "" for the model's own
	guidance                float64  // negative: by the number of steps
	size                    int      // 0: the model's
}

// ofRuns are flags that a model has no use for; ofModels need one.
var (
	ofRuns   = []string{"run", "results", "pretrained", "teacher", "teacher-steps", "form", "ship", "as", "export", "data", "image", "text"}
	ofModels = []string{"variant", "negative", "guidance", "size"} // of latent models
)

func (m *modelOptions) flags(f *flag.FlagSet) {
	f.StringVar(&m.name, "model", "", "draw with a model in diffusers' layout in place of a student: a `folder`, or OWNER/NAME on the HuggingFace hub; or with one of EDM, a file .pkl")
	f.StringVar(&m.pictures, "pictures", "", "of --model: draw --n pictures, of the prompts in turn, into this `folder` for evaluate, in place of a grid")
	f.StringVar(&m.variant, "variant", "", "of --model: the `variant` of its weights, such as fp16")
	f.StringVar(&m.negative, "negative", "", "of --model: the `caption` that guidance leads away from")
	f.Float64Var(&m.guidance, "guidance", -1, "of --model: `weight` of guidance, 0 for none (default: none up to 8 steps, then 7.5; 5 for XL; 8.5 for LCMs)")
	f.IntVar(&m.size, "size", 0, "of --model: side of the pictures in `pixels` (default: what it was trained on)")
}

// parse checks what was given together. samplers is the flag's text, where it was given.
func (m *modelOptions) parse(f *flag.FlagSet, samplers string) (err error) {
	m.samplers = []string{""}
	known := slices.Sorted(maps.Keys(diffusion.SchedulerClasses()))
	if m.edm() {
		known = strings.Split(diffusion.SolverNames(), ", ")
	}
	f.Visit(func(given *flag.Flag) {
		switch {
		case m.edm() && slices.Contains(ofModels, given.Name):
			err = fmt.Errorf("--%s has no effect with a model of EDM, for which a file is taken; other models are folders", given.Name)
		case m.name != "" && slices.Contains(ofRuns, given.Name):
			err = fmt.Errorf("--%s has no effect with --model, want one of the two", given.Name)
		case m.pictures != "" && given.Name == "out":
			err = fmt.Errorf("--out has no effect with --pictures, want one of the two")
		case m.name == "" && (given.Name == "pictures" || slices.Contains(ofModels, given.Name)):
			err = fmt.Errorf("--%s has no effect without --model", given.Name)
		case m.name != "" && given.Name == "sampler":
			m.samplers = nil
			for name := range strings.SplitSeq(samplers, ",") {
				name, wrong := named.Find("sampler", strings.TrimSpace(name), known, func(s string) string { return s })
				err, m.samplers = cmp.Or(err, wrong), append(m.samplers, name)
			}
		case given.Name == "guidance" && m.guidance < 0:
			err = fmt.Errorf("guidance = %g, want ≥ 0", m.guidance)
		}
	})
	return err
}

// modelRow is a request and its name.
type modelRow struct {
	name string
	latent.Request
}

func (o options) modelRows(m *latent.Model, captions []string) (rows []modelRow, err error) {
	for _, sampler := range o.model.samplers {
		for _, steps := range o.steps {
			r := latent.Request{Prompts: captions, Negative: o.model.negative, Sampler: sampler, Steps: steps, Guidance: o.model.guidance,
				Size: cmp.Or(o.model.size, m.Size), Seed: o.seed}
			if r.Guidance < 0 {
				if r.Guidance = m.UsualGuidance(); steps <= 8 && !m.ReadsGuidance() { // the model was distilled
					r.Guidance = 0
				}
			}
			if err := m.Validate(r); err != nil {
				return nil, err
			}
			if (m.ReadsGuidance() || !diffusion.Guided(r.Guidance)) && r.Negative != "" {
				return nil, fmt.Errorf("negative = %q has no effect at %d steps without guidance, want --guidance above 1 (a model that reads its guidance takes no negative caption)", r.Negative, steps)
			}
			name := fmt.Sprintf("%d steps", steps)
			if steps == 1 {
				name = "1 step"
			}
			if diffusion.Guided(r.Guidance) {
				name += fmt.Sprintf(", guidance %g", r.Guidance)
			}
			if sampler != "" {
				name += ", " + sampler
			}
			rows = append(rows, modelRow{name, r})
		}
	}
	return rows, nil
}

// drawModel draws all captions with a latent diffusion model, a row for every sampler and number of steps.
func drawModel(ctx context.Context, o options, captions []string, stdout, stderr io.Writer) (grid plot.Grid, err error) {
	note := func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }
	m, err := latent.Open(ctx, o.model.name, latent.Options{Variant: o.model.variant, Note: note})
	if err != nil {
		return grid, err
	}
	rows, err := o.modelRows(m, captions)
	if err != nil {
		return grid, err
	}
	words := m.Texts[0].Words
	for _, caption := range append(slices.Clone(o.prompts), o.model.negative) {
		if words.Cut(caption) {
			note("sample: the model reads the first %d tokens of %q", words.Context-2, caption)
		}
	}
	p, closed, err := loaded(ctx, o, m.Dir, m.Load, stdout, stderr)
	if err != nil {
		return grid, err
	}
	defer closed()
	if o.model.pictures != "" {
		return grid, latentPictures(ctx, o, p, rows[0], progress(stderr, rows[0].name, o.n))
	}
	grid = plot.Grid{Columns: captions, Scale: max(1, 128/rows[0].Size)}
	for _, row := range rows {
		row.Progress = progress(stderr, row.name, len(row.Prompts))
		flat, err := p.Draw(ctx, row.Request)
		if err = cmp.Or(err, finite(flat, row.Size)); err != nil {
			return grid, fmt.Errorf("%s: %w", row.name, err)
		}
		fmt.Fprintf(stdout, "%s: %s\n", row.name, spent(p.Spent))
		grid.Rows = append(grid.Rows, plot.GridRow{Name: row.name, Images: dataset.Cut(flat, row.Size)})
	}
	return grid, nil
}

// loaded reads the weights of a model onto the engine that was asked for, and tells of both. closed frees them.
func loaded[P interface{ Close() }](ctx context.Context, o options, name string, load func(compute.Backend) (P, error), stdout, stderr io.Writer) (p P, closed func(), err error) {
	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return p, nil, err
	}
	fmt.Fprintln(stdout, "engine:", e)
	began := time.Now()
	if p, err = load(e.Backend); err != nil {
		e.Close()
		return p, nil, err
	}
	fmt.Fprintf(stdout, "model: %s, loaded in %.1f s\n", name, time.Since(began).Seconds())
	return p, func() { p.Close(); e.Close() }, nil
}

// progress prints how far a row is, at most every ten seconds.
func progress(stderr io.Writer, row string, pictures int) func(picture, call, calls int) {
	last := time.Now()
	return func(picture, call, calls int) {
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Fprintf(stderr, "%s: picture %d of %d, call %d of %d\n", row, picture, pictures, call, calls)
		}
	}
}

// spent tells the time of a picture; the first one also compiles.
func spent(each []time.Duration) string {
	if len(each) == 1 {
		return fmt.Sprintf("%.1f s per image, with compilation", each[0].Seconds())
	}
	var sum time.Duration
	for _, d := range each[1:] {
		sum += d
	}
	return fmt.Sprintf("%.2f s per image", sum.Seconds()/float64(len(each)-1))
}

var errNoPrompt = errors.New(`prompt is missing, want for instance --prompt "a large red star left of a small blue ring"`)
