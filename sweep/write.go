package sweep

import (
	"path/filepath"
	"time"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
)

// Write puts everything that shows an axis into dir: the table in all its forms, times, bench.txt and samples.png.
func (p *Plan) Write(dir string, axis ablations.Axis, results Results) (paths []string, err error) {
	paths, err = report.WriteAll(dir, p.Table(axis, results), p.Times(axis, results))
	if err != nil {
		return paths, err
	}
	if err := atomicfile.RemoveStale(dir, staleAfter); err != nil {
		return paths, err
	}
	path := filepath.Join(dir, "bench.txt")
	if err := record.WriteFile(path, p.bench(axis, results)); err != nil {
		return paths, err
	}
	paths = append(paths, path)
	grid, err := p.samples(axis, results)
	if err != nil || len(grid.Rows) == 0 {
		return paths, err
	}
	path = filepath.Join(dir, samplesFile)
	return append(paths, path), report.WriteFile(path, grid.PNG)
}

// staleAfter is the age from which a temporary file must be a killed process's, not another's that writes right now.
const staleAfter = 10 * time.Minute

// samples shows the same captions from the same noise: real pictures, the teacher, and each cell's first seed.
func (p *Plan) samples(axis ablations.Axis, results Results) (plot.Grid, error) {
	var captions []string
	var rows []plot.GridRow
	add := func(name string, o Outcome) error {
		images, err := readPictures(o.Scored)
		if err != nil {
			return err
		}
		if captions == nil {
			captions = o.Captions
		}
		rows = append(rows, plot.GridRow{Name: name, Images: images})
		return nil
	}
	for _, r := range p.referencesOf(axis) {
		if o, ok := results[r.hashes[0]]; ok && r.subject != Student {
			name := r.name
			if r.subject == Real {
				name = "real"
			}
			if err := add(name, o); err != nil {
				return plot.Grid{}, err
			}
		}
	}
	for _, cell := range axis.Cells {
		if found := p.outcomes(axis, cell, results); len(found) > 0 {
			if err := add(cell.Name, found[0]); err != nil {
				return plot.Grid{}, err
			}
		}
	}
	if captions == nil {
		return plot.Grid{}, nil
	}
	return newGrid(captions, rows...), nil
}
