package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
)

// Write puts everything that shows an axis into dir: the table in all its forms, claims, times, metrics.png, bench.txt and samples.png.
func (p *Plan) Write(dir string, axis ablations.Axis, results Results) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	if err := dropTemporaries(dir, time.Now().Add(-staleAfter)); err != nil {
		return nil, err
	}
	paths, err = report.WriteAll(dir, p.Table(axis, results), p.Times(axis, results), record.WriteFile)
	if err != nil {
		return paths, err
	}
	bench, err := p.bench(axis, results)
	if err != nil {
		return paths, err
	}
	path := filepath.Join(dir, "bench.txt")
	if err := record.WriteFile(path, bench); err != nil {
		return paths, err
	}
	paths = append(paths, path)

	grid, err := p.samples(axis, results)
	if err != nil || len(grid.Rows) == 0 {
		return paths, err
	}
	path = filepath.Join(dir, samplesFile)
	return append(paths, path), report.WriteFile(path, grid.PNG, record.WriteFile)
}

// staleAfter is the age from which a temporary file must be a killed process's, not another's that writes right now.
const staleAfter = 10 * time.Minute

// dropTemporaries removes what killed processes left in the folder of a table.
func dropTemporaries(dir string, before time.Time) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !atomicfile.IsTemporary(e.Name()) || info.ModTime().After(before) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}

// bench writes one Go benchmark line per seed, which benchstat compares.
func (p *Plan) bench(axis ablations.Axis, results Results) ([]byte, error) {
	header := header(environments(p.allOutcomes(axis, results)))
	if p.Scale != "" {
		header = append(header, record.Pair{Key: "scale", Value: p.Scale})
	}
	var lines []record.Bench
	add := func(o Outcome, labels ...record.Pair) {
		if o.Diverged != "" { // has no number to compare
			return
		}
		var measures []record.Measure
		for _, m := range metrics {
			if e := m.of(o); m.Main && e.Known() {
				measures = append(measures, record.Measure{Value: e.Mean, Unit: m.Name})
			}
		}
		labels = append([]record.Pair{{Key: "axis", Value: axis.Name}}, labels...)
		lines = append(lines, record.Bench{Name: "ADD", Labels: labels, Measures: measures})
	}
	for _, cell := range axis.Cells {
		for _, o := range p.outcomes(axis, cell, results) {
			add(o, record.Pair{Key: "cell", Value: cell.Name}, record.Pair{Key: "seed", Value: strconv.FormatInt(o.Seed, 10)})
		}
	}
	for _, r := range p.references {
		for _, hash := range r.hashes {
			o, ok := results[hash]
			if !ok || !r.of(axis) {
				continue
			}
			labels := []record.Pair{{Key: "reference", Value: r.subject}, {Key: "steps", Value: strconv.Itoa(r.steps)}}
			if r.net != "" {
				labels = append(labels, record.Pair{Key: "net", Value: r.net})
			}
			if r.subject == Student {
				labels = append(labels, record.Pair{Key: "seed", Value: strconv.FormatInt(o.Seed, 10)})
			}
			add(o, labels...)
		}
	}
	var b bytes.Buffer
	var units []record.Unit
	for _, m := range metrics {
		if m.Main {
			units = append(units, record.Unit{Name: m.Name, Better: m.Better})
		}
	}
	err := record.WriteBench(&b, header, units, lines)
	return b.Bytes(), err
}

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
	for _, r := range p.references {
		if o, ok := results[r.hashes[0]]; ok && r.subject != Student && r.of(axis) {
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
