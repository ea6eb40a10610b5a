package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/sweep"
)

func list(w io.Writer) error {
	for _, a := range ablations.Axes() {
		var cells []string
		for _, c := range a.Cells {
			if c.Default {
				c.Name += "*"
			}
			cells = append(cells, c.Name)
		}
		fmt.Fprintf(w, "%-14s %s (%s)\n%15s%s\n%15scells: %s\n", a.Name, a.Title, cmp.Or(a.Ref, "not in the paper"), "", a.Question, "", strings.Join(cells, ", "))
	}
	_, err := fmt.Fprintln(w, "\n* the default cell, which all axes share")
	return err
}

type resolved struct {
	Axis       string         `json:"axis"`
	Cell       string         `json:"cell"`
	Seed       int64          `json:"seed"`
	Run        string         `json:"run,omitempty"`        // of the training
	Evaluation string         `json:"evaluation,omitempty"` // of its measurement
	Finished   bool           `json:"finished"`
	Config     distill.Config `json:"config"`
}

func printConfig(w io.Writer, o options, plan *sweep.Plan, base distill.Config, axes []ablations.Axis, seeds []int64) error {
	var done sweep.Results
	if plan != nil {
		s, err := o.sweep(plan)
		if err != nil {
			return err
		}
		if done, _, err = s.Gather(); err != nil {
			return err
		}
	}
	var cells []any
	for _, axis := range axes {
		for _, seed := range seeds {
			for _, cell := range axis.Cells {
				base.Seed = seed
				r := resolved{Axis: axis.Name, Cell: cell.Name, Seed: seed, Config: cell.Config(base)}
				if plan != nil {
					job, _ := plan.Job(axis.Name, cell.Name, seed)
					r.Run, r.Evaluation = job.Evaluation.Run, job.Hash
					_, r.Finished = done[job.Hash]
				}
				cells = append(cells, program.Full(r))
			}
		}
	}
	return program.PrintJSON(w, cells)
}

func forecast(w io.Writer, s sweep.Sweep) error {
	list, err := s.Forecast()
	if err != nil {
		return err
	}
	var todo []sweep.Job
	var sum time.Duration
	done, unknown, elsewhere := 0, 0, false
	for _, f := range list {
		state := "not timed yet"
		if !f.Done {
			todo = append(todo, f.Job)
		}
		switch {
		case f.Done:
			state = "done"
			done++
		case f.Expected > 0:
			state = "about " + f.Expected.Round(time.Second).String()
			if f.Elsewhere {
				state += ", from the committed runs"
			}
			sum += f.Expected
			elsewhere = elsewhere || f.Elsewhere
		default:
			unknown++
		}
		fmt.Fprintf(w, "%s  %-36s %s\n", f.Job.Hash, f.Job.Label, state)
	}
	fmt.Fprintf(w, "\n%d of %d done", done, len(list))
	if sum > 0 || unknown == 0 {
		fmt.Fprintf(w, "; about %s of training and sampling left", sum.Round(time.Second))
	}
	if elsewhere {
		fmt.Fprint(w, ", this machine may be slower or faster")
	}
	if unknown > 0 {
		fmt.Fprintf(w, "; %d of a kind that was not timed yet", unknown)
	}
	fmt.Fprintln(w)
	return s.MissingStudents(todo)
}

// tables are those that are there already, by axis.
func (o options) tables(plan *sweep.Plan) map[string]report.Table {
	there := map[string]report.Table{}
	for _, axis := range plan.Axes {
		if t, err := report.ReadTable(filepath.Join(o.out, axis.Name, "table.json")); err == nil {
			there[axis.Name] = t
		}
	}
	return there
}

// present writes and shows the tables; before are those that it replaces.
func present(w io.Writer, o options, plan *sweep.Plan, results sweep.Results, before map[string]report.Table) error {
	var written []string
	for _, axis := range plan.Axes {
		t := plan.Table(axis, results)
		lacks := lacking(before[axis.Name], t)
		paths, err := plan.Write(filepath.Join(o.out, axis.Name), axis, results)
		if err != nil {
			return err
		}
		written = append(written, paths...)
		fmt.Fprintln(w)
		if err := show(w, t, o.reference); err != nil {
			return err
		}
		if lacks > 0 {
			fmt.Fprintf(w, "\nThe table that stood there had %d measurements more, of cells or seeds that were not asked for now. Their runs are still there: ask for them by --cells and --seeds.\n", lacks)
		}
	}
	_, err := fmt.Fprintf(w, "\nwrote\n  %s\nruns are in %s\n", strings.Join(written, "\n  "), o.runs())
	return err
}

// lacking counts the measurements of a table that another one does not have.
func lacking(before, t report.Table) (n int) {
	has := map[string]bool{}
	for _, s := range t.Measured() {
		has[s.Evaluation] = true
	}
	for _, s := range before.Measured() {
		if !has[s.Evaluation] {
			n++
		}
	}
	return n
}

// show prints the table of an axis, and the committed table of the same scale if that is another one.
func show(w io.Writer, t report.Table, reference string) error {
	if err := t.Plain(w); err != nil {
		return err
	}
	path := filepath.Join(reference, t.Axis, "table.json")
	committed, err := report.ReadTable(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var ours, theirs bytes.Buffer
	if err := errors.Join(err, t.JSON(&ours), committed.JSON(&theirs)); err != nil {
		return err
	}
	if bytes.Equal(ours.Bytes(), theirs.Bytes()) || committed.Scale != t.Scale || committed.Changed != t.Changed {
		return nil
	}
	fmt.Fprintf(w, "\nFor comparison, the committed results in %s:\n\n", filepath.Dir(path))
	return committed.Plain(w)
}
