package lessons

import (
	"fmt"
	"slices"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/sweep"
)

// columns is the number of pictures in a row.
const columns = 8

// Guidance is w of the teacher where a notebook does not say otherwise, as in the evaluation protocol.
const Guidance = 2

// Training shows pictures of the training set with their captions, n to a row.
func (l *Lab) Training(n, rows int) (plot.Grid, error) {
	captions, images, err := first(l.Data.Train(), n*rows)
	g := plot.Grid{Scale: 3}
	if rows == 1 {
		g.Columns = captions
	}
	for row := range slices.Chunk(images, n) {
		g.Rows = append(g.Rows, plot.GridRow{Images: row})
	}
	return g, err
}

// Prompts are the first held-out captions with their pictures.
func (l *Lab) Prompts(n int) (captions []string, images []dataset.Image, err error) {
	return first(l.Data.Heldout(), n)
}

// first are the first captions with their pictures, at most n.
func first(source dataset.Source, n int) (captions []string, images []dataset.Image, err error) {
	for i := range min(n, source.Len()) {
		s, err := source.Sample(i)
		if err != nil {
			return nil, nil, err
		}
		captions, images = append(captions, s.Caption), append(images, s.Image)
	}
	return captions, images, nil
}

// draw draws one picture per caption, from the same noise for every sampling.
func (l *Lab) draw(s pipeline.Sampling, captions []string) ([]dataset.Image, error) {
	generator, err := l.Pipeline().Generator(s, len(captions))
	if err != nil {
		return nil, err
	}
	flat, _, err := generator.Draw(l.ctx, captions, 1)
	if err != nil {
		return nil, err
	}
	return l.Pipeline().Pictures(flat), nil
}

// heldout is a grid that begins with a row of held-out pictures below their captions.
func (l *Lab) heldout(row string) (plot.Grid, []dataset.Image, error) {
	captions, images, err := l.Prompts(columns)
	return plot.Grid{Columns: captions, Scale: 3, Rows: []plot.GridRow{{Name: row, Images: images}}}, images, err
}

// Steps shows the teacher in some numbers of steps, below the real pictures that belong to the captions.
func (l *Lab) Steps(steps ...int) (plot.Grid, error) { return l.Samples(nil, teachers(steps)...) }

// TeacherScores measures the teacher in some numbers of steps, beside other real pictures.
func (l *Lab) TeacherScores(steps ...int) (show.Sheet, error) { return l.scores(teachers(steps)...) }

func teachers(steps []int) (rows []pipeline.Named) {
	for _, k := range steps {
		rows = append(rows, sweep.StudentRun{}.Teacher(k, Guidance))
	}
	return rows
}

// Samples draws the same captions from the same noise by several samplings; without captions those of held-out pictures, which stand above.
func (l *Lab) Samples(captions []string, samplings ...pipeline.Named) (plot.Grid, error) {
	g := plot.Grid{Columns: captions, Scale: 3}
	if captions == nil {
		var err error
		if g, _, err = l.heldout("real"); err != nil {
			return g, err
		}
	}
	for _, w := range samplings {
		images, err := l.draw(w.Sampling, g.Columns)
		if err != nil {
			return g, fmt.Errorf("%s: %w", w.Name, err)
		}
		g.Rows = append(g.Rows, plot.GridRow{Name: w.Name, Images: images})
	}
	return g, nil
}

// scores measures real pictures, then some samplings.
func (l *Lab) scores(samplings ...pipeline.Named) (show.Sheet, error) {
	s := show.Sheet{Head: []string{"pictures", "n", "FID ↓", "95 %", "CLIP score ↑", "alignment ↑"}}
	e, err := l.Evaluator()
	if err != nil {
		return s, err
	}
	judge := "picture–caption network"
	if l.Bundle.Has("classifier") {
		judge = "classifier"
	}
	s.Note = fmt.Sprintf("FID on the features of the project's own "+judge+": it compares rows of this table, nothing else. All rows share captions, noise and n; reference: %d held-out pictures. ± is half of a 95 %% interval over pictures, Student's.", e.Setup.Images)
	if e.Setup.Images < 1000 {
		s.Note += " With so few, even real pictures are far from real ones of other captions, and pictures drawn for the reference's own captions come out nearer: read the generated rows against each other, and notebook 06 on n."
	}
	m, err := e.EvaluateReal(l.ctx)
	if err != nil {
		return s, err
	}
	row, err := scored("real against real", m)
	if err != nil {
		return s, err
	}
	s.Add(row...)
	for _, w := range samplings {
		if m, _, err = e.Evaluate(l.ctx, w.Sampling); err != nil {
			return s, fmt.Errorf("%s: %w", w.Name, err)
		}
		if row, err = scored(w.Name, m); err != nil {
			return s, fmt.Errorf("%s: %w", w.Name, err)
		}
		s.Add(row...)
	}
	return s, nil
}

// scored is a row below the head of scores.
func scored(name string, m protocol.Metrics) ([]string, error) {
	clip, err := mean(m.CLIP, m.CLIPStdErr, m.Images)
	if err != nil {
		return nil, err
	}
	align := "–"
	if m.Align != nil && m.AlignStdErr != nil {
		if align, err = mean(*m.Align, *m.AlignStdErr, m.Images); err != nil {
			return nil, err
		}
	}
	return []string{name, fmt.Sprint(m.Images), distance(m.FID), distance(m.FIDLow) + " – " + distance(m.FIDHigh), clip, align}, nil
}

// mean is a mean over n pictures with half of its 95 % interval.
func mean(m, stdErr float64, n int) (string, error) {
	e, err := eval.MeanInterval(m, stdErr, n, 0.95)
	return fmt.Sprintf("%.3f ± %.3f", m, e.High-m), err
}

// distance is an FID, whose size depends on the features: those of embeddings of length 1 are small.
func distance(fid float64) string {
	if fid < 10 {
		return fmt.Sprintf("%.3f", fid)
	}
	return fmt.Sprintf("%.1f", fid)
}
