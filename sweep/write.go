package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion/pipeline"
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
	if curves := p.overCalls(axis, results); len(curves.Curves) > 0 {
		path := filepath.Join(dir, report.CallsFile)
		if err := atomicfile.Write(path, curves.PNG); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	grid, err := p.samples(axis, results)
	if err != nil || len(grid.Rows) == 0 {
		return paths, err
	}
	path = filepath.Join(dir, samplesFile)
	return append(paths, path), atomicfile.Write(path, grid.PNG)
}

// staleAfter is the age from which a temporary file must be a killed process's, not another's that writes right now.
const staleAfter = 10 * time.Minute

// samples shows the same captions from the same noise: real pictures, the teacher, and each cell's first seed.
func (p *Plan) samples(axis ablations.Axis, results Results) (plot.Grid, error) {
	var captions []string
	var rows []plot.GridRow
	add := func(name string, o Outcome) error {
		images, err := readPictures(o.Scored)
		if captions == nil {
			captions = o.Captions
		}
		rows = append(rows, plot.GridRow{Name: name, Images: images})
		return err
	}
	var faults []error
	for _, r := range p.referencesOf(axis) {
		name := r.name
		if r.subject == Real {
			name = "real"
		}
		if found := results.of(r.hashes[0]); len(found) > 0 && r.subject != Student {
			faults = append(faults, add(name, found[0]))
		}
	}
	for _, cell := range axis.Cells {
		if found := p.outcomes(axis, cell, results); len(found) > 0 {
			faults = append(faults, add(cell.Name, found[0]))
		}
	}
	if captions == nil {
		rows = nil
	}
	return newGrid(captions, rows...), errors.Join(faults...)
}

// benchName keeps the name of a cell or a unit one word without a slash: both end it in a benchmark line.
var benchName = strings.NewReplacer(" ", "_", "/", "_")

// bench gives one line per seed in Go's benchmark format, which benchstat compares (https://go.dev/design/14313-benchmark-format).
func (p *Plan) bench(axis ablations.Axis, results Results) []byte {
	var b bytes.Buffer
	for _, line := range benchHeader(environments(p.allOutcomes(axis, results))) {
		fmt.Fprintln(&b, line)
	}
	if p.Scale != "" {
		fmt.Fprintln(&b, "scale:", p.Scale)
	}
	all := p.allOutcomes(axis, results)
	main := slices.DeleteFunc(slices.Clone(metrics), func(m metric) bool {
		return !m.Main || !slices.ContainsFunc(all, func(o Outcome) bool { return o.Diverged == "" && m.of(o).Known() })
	})
	for _, m := range main {
		fmt.Fprintf(&b, "Unit %s better=%s\n", benchName.Replace(m.Name), m.Better)
	}
	fmt.Fprintln(&b)
	line := func(o Outcome, name string) {
		if o.Diverged != "" { // has no number to compare
			return
		}
		fmt.Fprintf(&b, "BenchmarkADD/axis=%s/%s 1", axis.Name, name)
		for _, m := range main {
			if e := m.of(o); e.Known() {
				fmt.Fprintf(&b, " %v %s", e.Mean, benchName.Replace(m.Name))
			}
		}
		fmt.Fprintln(&b)
	}
	for _, cell := range axis.Cells {
		for _, o := range p.outcomes(axis, cell, results) {
			line(o, fmt.Sprintf("cell=%s/seed=%d", benchName.Replace(cell.Name), o.Seed))
		}
	}
	for _, r := range p.referencesOf(axis) {
		name := fmt.Sprintf("reference=%s/steps=%d", r.subject, r.steps)
		if r.net != "" {
			name += "/net=" + r.net
		}
		if r.sampler != "" && r.sampler != pipeline.Teacher(0, 0).Sampler.Name() {
			name += "/sampler=" + r.sampler
		}
		for _, o := range results.of(r.hashes...) {
			if r.subject == Student {
				line(o, fmt.Sprintf("%s/seed=%d", name, o.Seed))
			} else {
				line(o, name)
			}
		}
	}
	return b.Bytes()
}

func benchHeader(envs []record.Environment) (shared []string) {
	for i, env := range envs {
		var own []string
		for _, p := range [][2]string{
			{"goos", env.OS}, {"goarch", env.Arch}, {"cpu", env.CPU}, {"engine", env.Engine}, {"engine-version", env.EngineVersion}, {"device", env.Device},
			{"commit", commit(env, len(env.Commit))},
		} {
			if p[1] != "" {
				own = append(own, p[0]+": "+p[1])
			}
		}
		if i == 0 {
			shared = own
		}
		shared = slices.DeleteFunc(shared, func(line string) bool { return !slices.Contains(own, line) })
	}
	return shared
}
