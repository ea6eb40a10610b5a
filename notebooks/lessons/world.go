package lessons

import (
	"errors"
	"fmt"
	"slices"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report/plot"
)

// Split are the first n captions of a split of a built-in world, with their pictures.
func (l *Lab) Split(name string, n int) (captions []string, images []dataset.Image, err error) {
	world, ok := l.Data.(dataset.Labelled)
	if !ok || !slices.Contains(world.Splits(), name) {
		return nil, nil, fmt.Errorf("lessons: %s has no split %q, want one of a built-in world", l.Data.Name(), name)
	}
	return first(world.Labels(name), n)
}

// Unseen shows pictures of a split, and below them what the teacher in 25 steps and the student in some make of their captions. The student
// is the newest one of these networks, or the shipped one.
func (l *Lab) Unseen(split string, steps ...int) (g plot.Grid, err error) {
	captions, images, err := l.Split(split, columns)
	if err != nil {
		return g, err
	}
	student, found, err := l.newestStudent()
	if err == nil && !found {
		err = errors.New("lessons: no student, want one that was trained here or is shipped with the networks")
	}
	if err != nil {
		return g, err
	}
	rows := []pipeline.Named{student.Teacher(25, Guidance)}
	for _, k := range steps {
		rows = append(rows, student.Steps(k, ""))
	}
	if g, err = l.Samples(captions, rows...); err != nil {
		return g, err
	}
	g.Rows = slices.Insert(g.Rows, 0, plot.GridRow{Name: "real", Images: images})
	return g, nil
}

// Nearest shows pictures of a sampling for held-out captions, and below each the one of the first n training pictures whose features, as the
// judge of FID sees them, are nearest.
func (l *Lab) Nearest(w pipeline.Named, n int) (plot.Grid, error) {
	captions, _, err := l.Prompts(columns)
	if err != nil {
		return plot.Grid{}, err
	}
	drawn, err := l.draw(w.Sampling, captions)
	if err != nil {
		return plot.Grid{}, err
	}
	known, train, err := first(l.Data.Train(), n)
	if err != nil {
		return plot.Grid{}, err
	}
	e, err := l.Evaluator()
	if err != nil {
		return plot.Grid{}, err
	}
	generated, err := e.Embed(l.ctx, flat(drawn), captions)
	if err != nil {
		return plot.Grid{}, err
	}
	seen, err := e.Embed(l.ctx, flat(train), known)
	if err != nil {
		return plot.Grid{}, err
	}
	rows, err := eval.Nearest(generated.Features, seen.Features)
	if err != nil {
		return plot.Grid{}, err
	}
	nearest := make([]dataset.Image, len(drawn))
	for i, j := range rows {
		nearest[i] = train[j]
	}
	return plot.Grid{Columns: captions, Scale: 3, Rows: []plot.GridRow{{Name: w.Name, Images: drawn}, {Name: "nearest of training", Images: nearest}}}, nil
}
