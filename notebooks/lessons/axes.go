package lessons

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/sweep"
)

// Train tells Axis what to do about an axis.
type Train struct {
	Missing bool   // train the cells that no results are there for
	Seeds   string // as the program's --seeds, such as "2" or "1,3"
}

// sampleColumns of a sheet of samples that a notebook with many axes has room for.
const sampleColumns = 4

// Axis shows an axis: its question, its cells beside the paper's numbers, and what was measured: table with verdicts, plot, samples.
// Own results go before committed ones.
func (l *Lab) Axis(name string, t Train) error {
	axis, err := ablations.Lookup(name)
	if err != nil {
		return err
	}
	if t.Missing {
		base, err := distill.DefaultConfig(l.Scale)
		if err != nil {
			return err
		}
		out := filepath.Join(l.Root, "results")
		if l.Scale == "smoke" {
			out = l.Runs
		}
		had, leftOut, err := l.had(axis, base)
		if err != nil {
			return err
		}
		if leftOut != "" {
			show.Text(leftOut)
		}
		if err := l.sweep(had, base, 0, t.Seeds, out); err != nil {
			return err
		}
	}
	if found, err := l.measured(name); found || err != nil {
		return err
	}
	show.Text(axis.Question)
	show.Rows(cells(axis))
	show.Text(fmt.Sprintf("Not measured yet. Set Missing to true in the second cell, or call: go run ./experiments/ablate --axis %s --seeds %s", name, cmp.Or(t.Seeds, "1")))
	return nil
}

// had is the axis without cells whose published networks the lab lacks, and lines that name them.
func (l *Lab) had(axis ablations.Axis, base distill.Config) (had ablations.Axis, leftOut string, err error) {
	var lines strings.Builder
	had, err = sweep.WithoutPublished(l.Bundle, base, axis, &lines, func(v pretrain.Variant) error { return l.Bundle.Want(v.Name) })
	return had, lines.String(), err
}

// Measure trains the cells of an axis of one's own at a notebook's length, or finds them trained, and shows table, plot and samples.
func (l *Lab) Measure(axis ablations.Axis, seeds string) error {
	if _, err := ablations.Lookup(axis.Name); err == nil {
		return fmt.Errorf("axis = %s, want a name that the project does not use", axis.Name)
	}
	if err := l.sweep(axis, l.Config(), l.Images, seeds, l.Runs); err != nil {
		return err
	}
	s, err := report.ReadSection(filepath.Join(l.Runs, axis.Name, "table.json"))
	if err == nil {
		showSection(s)
	}
	return err
}

// AxisOn shows what was measured of an axis on other data than the lab's, or says how to measure it.
func (l *Lab) AxisOn(data, name string) error {
	if _, err := ablations.Lookup(name); err != nil {
		return err
	}
	if found, err := l.measured(filepath.Join(report.DataFolder, data, name)); found || err != nil {
		return err
	}
	show.Text(fmt.Sprintf("Not measured yet. Call: go run ./experiments/ablate --data %s --axis %s", data, name))
	return nil
}

// measured shows the table of an axis with its plot and samples, where there is one.
func (l *Lab) measured(folder string) (found bool, err error) {
	s, found, err := l.results(folder)
	if found {
		showSection(s)
	}
	return found, err
}

// showSection shows a table with its plot and samples.
func showSection(s report.Section) {
	show.Table(s.Table)
	dots := s.Table.Dots()
	dots.Small = true
	show.Draw(dots)
	if s.Samples.PNG != nil {
		show.Pictures(report.Picture{PNG: show.Narrow(s.Samples.PNG, sampleColumns)})
	}
}

// cells lists the cells of an axis, with the paper's numbers where it has any.
func cells(axis ablations.Axis) show.Sheet {
	s := show.Sheet{Head: []string{"cell"}}
	published := slices.ContainsFunc(axis.Cells, func(c ablations.Cell) bool { return c.Paper != nil })
	if published {
		s.Head = append(s.Head, "paper FID ↓", "paper CLIP ↑")
	}
	for _, c := range axis.Cells {
		row := []string{c.Name}
		if c.Default {
			row[0] += " (the default cell)"
		}
		for _, metric := range []string{ablations.FID, ablations.CLIP} {
			if v, ok := c.Paper[metric]; ok {
				row = append(row, fmt.Sprint(v))
			} else if published {
				row = append(row, "–")
			}
		}
		s.Add(row...)
	}
	var claims []string
	for _, c := range axis.Claims {
		claims = append(claims, "The paper finds that "+c.Text+".")
	}
	s.Note = strings.Join(claims, " ")
	return s
}

// results are one's own in the folder of an axis, else the committed ones, else those of the earlier default cell, of the machine that
// measured more cells. Of another scale than the lab's they count too: they say so.
func (l *Lab) results(folder string) (s report.Section, found bool, err error) {
	results := filepath.Join(l.Root, "results")
	own := []string{results}
	if l.Scale == "smoke" { // toys never stand beside results
		own = []string{l.Runs, results}
	}
	reference := filepath.Join(results, "reference")
	earlier := filepath.Join(reference, "earlier")
	for _, root := range append(own, reference, earlier, filepath.Join(earlier, "gpu")) {
		other, err := report.ReadSection(filepath.Join(root, folder, "table.json"))
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return s, false, err
		case slices.Contains(own, root), root == reference:
			return other, true, nil
		case !found:
			s, found = other, true
		case len(other.Table.Rows) > len(s.Table.Rows):
			s = other
		default:
			continue
		}
		s.Table.Title += ", earlier default cell"
		if root != earlier {
			s.Table.Title += ", on a GPU"
		}
	}
	return s, found, nil
}

// sweep does what the program ablate does: it finds or makes all runs and writes the tables. No images are the scale's.
func (l *Lab) sweep(axis ablations.Axis, base distill.Config, images int, seeds, out string) error {
	numbers, err := sweep.ParseSeeds(cmp.Or(seeds, "1"))
	if err != nil {
		return err
	}
	inputs, err := sweep.NewInputs(l.Bundle, l.Data, l.Scale, min(images, l.Data.Heldout().Len()/2))
	if err != nil {
		return err
	}
	plan, err := sweep.NewPlan(inputs, base, []ablations.Axis{axis}, numbers)
	if err != nil {
		return err
	}
	runs, err := record.OpenRuns(filepath.Join(out, "runs"))
	if err != nil {
		return err
	}
	committed, err := record.OpenRuns(filepath.Join(l.Root, "results", "reference", "runs"))
	if err != nil {
		return err
	}
	live := show.NewLive()
	defer live.Close()
	worker := &sweep.EngineWorker{Inputs: inputs, Engine: func(context.Context) (*engine.Engine, error) { return l.Engine(), nil }, Out: live}
	defer worker.Close()
	results, err := sweep.Sweep{Plan: plan, Runs: runs, Finished: []*record.Runs{committed}, Worker: worker, Out: live}.Run(l.ctx)
	if err != nil {
		return err
	}
	_, err = plan.Write(filepath.Join(out, axis.Name), axis, results)
	return err
}

// TableOne shows the cells of the paper's Table 1, ours against the paper's.
func (l *Lab) TableOne() (plot.Dots, error) {
	var tables []report.Table
	for _, a := range ablations.Axes() {
		if !strings.Contains(a.Ref, "Table 1") {
			continue
		}
		s, found, err := l.results(a.Name)
		if err != nil {
			return plot.Dots{}, err
		}
		if found && s.Table.Recipe == sweep.Recipe { // ratios to one default cell
			tables = append(tables, s.Table)
		}
	}
	return report.Versus("Cells of Table 1: ours against the paper's", tables), nil
}
