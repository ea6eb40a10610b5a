package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/report/plot"
)

// edm tells whether the model is one of EDM's networks: a pickle, or what distill saved.
func (m *modelOptions) edm() bool {
	return slices.Contains([]string{".pkl", ".safetensors"}, strings.ToLower(filepath.Ext(m.name)))
}

// edmRow is a request and its name.
type edmRow struct {
	name string
	edm.Request
}

// edmClasses are the classes that the prompts list, "7,3", each n times, and how they are headed. A network without classes has no prompts. Of
// single pictures they are those drawn in turn: all where none is asked for.
func (o options) edmClasses(m *edm.Model) (classes []int, columns []string, err error) {
	if o.model.pictures != "" {
		o.n = 1
	}
	if o.model.pictures != "" && len(o.prompts) == 0 && m.Network.LabelDim > 0 {
		for class := range m.Network.LabelDim {
			classes = append(classes, class)
		}
		return classes, nil, nil
	}
	if m.Network.LabelDim == 0 {
		if len(o.prompts) > 0 {
			return nil, nil, fmt.Errorf("prompt = %q, want none: the network knows no classes, and --n is the number of pictures", o.prompts[0])
		}
		for i := range o.n {
			classes, columns = append(classes, edm.NoClass), append(columns, strconv.Itoa(i+1))
		}
		return classes, columns, nil
	}
	for _, prompt := range o.prompts {
		for text := range strings.SplitSeq(prompt, ",") {
			class, err := m.Class(text)
			if err != nil {
				return nil, nil, err
			}
			for range o.n {
				classes, columns = append(classes, class), append(columns, strings.TrimSpace(text))
			}
		}
	}
	switch {
	case len(classes) == 0:
		return nil, nil, errors.New(`prompt is missing, want classes such as --prompt "7,3"`)
	case len(classes) > maxPictures:
		return nil, nil, fmt.Errorf("n = %d for %d classes, want 1 to %d pictures per row", o.n, len(classes)/o.n, maxPictures)
	}
	return classes, columns, nil
}

// edmRows has a row for every sampler and number of steps.
func (o options) edmRows(m *edm.Model, classes []int) (rows []edmRow, err error) {
	for _, sampler := range o.model.samplers {
		for _, steps := range o.steps {
			r := edm.Request{Classes: classes, Sampler: sampler, Steps: steps, Seed: o.seed}
			_, plan, err := m.Plan(r)
			if err != nil {
				return nil, err
			}
			name := fmt.Sprintf("%d steps", steps)
			if steps == 1 {
				name = "1 step"
			}
			if len(plan) != steps {
				name += fmt.Sprintf(", %d calls", len(plan))
			}
			if sampler != "" {
				name += ", " + sampler
			}
			rows = append(rows, edmRow{name, r})
		}
	}
	return rows, nil
}

// drawEDM draws all classes with a network of EDM.
func drawEDM(ctx context.Context, o options, stdout, stderr io.Writer) (grid plot.Grid, err error) {
	m, err := edm.Open(o.model.name)
	if err != nil {
		return grid, err
	}
	classes, columns, err := o.edmClasses(m)
	if err != nil {
		return grid, err
	}
	rows, err := o.edmRows(m, classes)
	if err != nil {
		return grid, err
	}
	p, closed, err := loaded(ctx, o, m.File, m.Load, stdout, stderr)
	if err != nil {
		return grid, err
	}
	defer closed()
	if o.model.pictures != "" {
		return grid, edmPictures(ctx, o, p, rows[0], stderr)
	}
	grid = plot.Grid{Columns: columns, Scale: max(1, 128/m.Network.Resolution)}
	for _, row := range rows {
		row.Progress = progress(stderr, row.name, len(classes))
		flat, err := p.Draw(ctx, row.Request)
		if err = cmp.Or(err, finite(flat, m.Network.Resolution)); err != nil {
			return grid, fmt.Errorf("%s: %w", row.name, err)
		}
		fmt.Fprintf(stdout, "%s: %.2f s per image\n", row.name, p.Spent.Seconds())
		grid.Rows = append(grid.Rows, plot.GridRow{Name: row.name, Images: dataset.Cut(flat, m.Network.Resolution)})
	}
	return grid, nil
}
