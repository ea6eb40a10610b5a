// Command sample draws pictures for captions from a student, beside its teacher.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/sweep"
)

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "sample", Usage: usage, Parse: o.parse,
		Do: func(ctx context.Context, stdout, stderr io.Writer) error { return sample(ctx, o, stdout, stderr) },
	}
}

func sample(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if o.model.edm() {
		grid, err := drawEDM(ctx, o, stdout, stderr)
		if err != nil || o.model.pictures != "" {
			return o.wrote(err, stdout)
		}
		return o.write(grid, stdout)
	}
	// Every prompt n times, from other noise each time; all rows share prompts and noise.
	var captions []string
	for _, prompt := range o.prompts {
		for range o.n {
			captions = append(captions, prompt)
		}
	}
	if o.model.name != "" {
		if o.model.pictures != "" {
			captions = o.prompts
		}
		grid, err := drawModel(ctx, o, captions, stdout, stderr)
		if err != nil || o.model.pictures != "" {
			return o.wrote(err, stdout)
		}
		return o.write(grid, stdout)
	}
	student, about, bundle, err := choose(o)
	if err != nil {
		return err
	}
	known := slices.Sorted(slices.Values(bundle.Words.Vocabulary))
	for _, prompt := range o.prompts {
		if unknown := bundle.Words.UnknownWords(prompt); len(unknown) > 0 {
			fmt.Fprintf(stderr, "sample: the networks have never seen %q of %q: they know %d words: %s\n", unknown, prompt, len(known), strings.Join(known[:min(60, len(known))], ", "))
		}
		if cut, _ := bundle.Words.Unread([]string{prompt}); cut > 0 {
			fmt.Fprintf(stderr, "sample: the networks read the first %d words of %q\n", bundle.Words.Context-2, prompt)
		}
	}
	p := pipeline.New(nil, bundle)
	defer p.Close()
	rows, err := o.rows(student, p)
	if err != nil {
		return err
	}
	if most := slices.Max(o.steps); most > 1 && len(student.Config.Distill.Times) == 1 {
		fmt.Fprintf(stderr, "sample: the student was trained to draw in one step, want --steps 1: in %d it meets noise levels that it has not seen\n", most)
	}

	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Fprintln(stdout, "engine:", e)
	fmt.Fprintf(stdout, "student: %s (%s)\n", student.Student(), about)
	if o.ship != "" {
		return ship(ctx, o, student, bundle, e, stdout)
	}
	if o.export != "" {
		return export(o, student, bundle, e.Backend, stdout)
	}

	p.Backend = e.Backend
	grid := plot.Grid{Columns: captions, Scale: max(1, 128/bundle.Config.Size)}
	width := 0
	for _, w := range rows {
		width = max(width, len(w.Name))
	}
	for _, w := range rows {
		flat, each, err := draw(ctx, p, w.Sampling, captions, o.seed)
		if err = cmp.Or(err, finite(flat, bundle.Config.Size)); err != nil {
			return fmt.Errorf("%s: %w", w.Name, err)
		}
		fmt.Fprintf(stdout, "%-*s %8.2f ms per image\n", width, w.Name, each.Seconds()*1000)
		grid.Rows = append(grid.Rows, plot.GridRow{Name: w.Name, Images: p.Pictures(flat)})
	}
	return o.write(grid, stdout)
}

// wrote tells of the folder of pictures.
func (o options) wrote(err error, stdout io.Writer) error {
	if err == nil {
		_, err = fmt.Fprintf(stdout, "wrote %d pictures into %s\n", o.n, o.model.pictures)
	}
	return err
}

func (o options) write(grid plot.Grid, stdout io.Writer) error {
	if err := os.MkdirAll(filepath.Dir(o.out), 0o777); err != nil {
		return err
	}
	grid.Wrap = o.columns(grid)
	if err := atomicfile.Write(o.out, grid.PNG); err != nil {
		return err
	}
	_, err := fmt.Fprintln(stdout, "wrote", o.out)
	return err
}

// screen is about as many pixels as a grid is wide.
const screen = 1200

// columns are those of a grid that fit side by side, pictures of a prompt together where they do.
func (o options) columns(grid plot.Grid) int {
	side := 1
	for _, r := range grid.Rows {
		for _, m := range r.Images {
			side = max(side, m.Size)
		}
	}
	fit := max(1, screen/(side*max(1, grid.Scale)))
	if o.n > 1 && o.n < fit {
		fit -= fit % o.n
	}
	return fit
}

// batchLimit bounds the pictures of one pass.
const batchLimit = 32

// draw gives the pictures and the time of one. A call of the network before compiles and is not timed.
func draw(ctx context.Context, p *pipeline.Pipeline, s pipeline.Sampling, captions []string, seed int64) ([]float32, time.Duration, error) {
	generator, err := p.Generator(s, min(len(captions), batchLimit))
	if err != nil {
		return nil, 0, err
	}
	first := captions[:min(len(captions), batchLimit)]
	if _, err := generator.Denoise(ctx, make([]float32, len(first)*generator.Area()), 1, first); err != nil {
		return nil, 0, err
	}
	flat, spent, err := generator.Draw(ctx, captions, seed)
	return flat, spent / time.Duration(len(captions)), err
}

// rows are those that were asked for: the teacher of the run by each sampler, then its student.
func (o options) rows(s sweep.StudentRun, p *pipeline.Pipeline) (rows []pipeline.Named, err error) {
	cfg := s.Config.Distill
	if o.teacher {
		for _, sampler := range o.samplers {
			row := s.Teacher(o.teacherSteps, protocol.DefaultSetup(cfg.Scale).Guidance).By(sampler)
			if _, err := p.Plan(row.Sampling); err != nil { // before an engine is opened
				return nil, fmt.Errorf("the teacher by %s: %w", sampler.Name(), err)
			}
			rows = append(rows, row)
		}
	}
	for _, k := range o.steps {
		row := s.Steps(k, o.form)
		if _, err := p.Plan(row.Sampling); err != nil {
			return nil, fmt.Errorf("%w: the student was trained on times %v", err, cfg.Times)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
