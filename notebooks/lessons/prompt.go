package lessons

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/sweep"
)

// Prompt draws what a reader types, with as many steps as the slider says, until Done is pressed. It shows the newest student that was
// trained here, or the shipped one, beside the teacher.
func (l *Lab) Prompt(prompt string) error {
	run, found, err := l.newestStudent()
	if err != nil {
		return err
	}
	note, most := "Every prompt is drawn from the same four noises.", len(run.Config.Distill.Times)
	switch {
	case !found:
		note += " There is no student yet (notebook 04 trains one): the teacher draws alone."
		most = 25
	case run.Dir == l.Bundle.Dir:
		note += " The student is the shipped one: " + l.Bundle.Student.About + "."
	}
	live, shown := show.NewLive(), []show.Drawing(nil)
	form := show.Form{Text: prompt, TextLabel: "Prompt", Number: 1, Most: most, NumberLabel: "Steps", Note: note}
	err = form.Serve(l.ctx, func(o show.Order) error {
		if strings.TrimSpace(o.Text) == "" {
			live.Update("want a caption, such as " + prompt)
			return nil
		}
		line := fmt.Sprintf("“%s”, %s", o.Text, fold.Count(o.Number, "step"))
		if unknown := l.Bundle.Words.UnknownWords(o.Text); len(unknown) > 0 {
			line += fmt.Sprintf(" – never seen: %s; the networks know %s", strings.Join(unknown, ", "), strings.Join(l.Bundle.Words.Vocabulary, " "))
		}
		live.Update(line+" …", shown...)
		grid := plot.Grid{Scale: 5}
		rows := []pipeline.Named{run.Teacher(o.Number, Guidance)}
		if found {
			rows = slices.Insert(rows, 0, run.Steps(o.Number, ""))
		}
		for _, w := range rows {
			images, err := l.draw(w.Sampling, []string{o.Text, o.Text, o.Text, o.Text})
			if err != nil {
				return err
			}
			grid.Rows = append(grid.Rows, plot.GridRow{Name: w.Name, Images: images})
		}
		shown = []show.Drawing{grid}
		live.Update(line, grid)
		return nil
	})
	live.Close()
	for _, grid := range shown {
		show.Draw(grid, err)
	}
	return err
}

// newestStudent is the latest one of the lab's networks that the notebooks or the programs have trained; toys count on their own scale.
func (l *Lab) newestStudent() (newest sweep.StudentRun, found bool, err error) {
	dirs, err := sweep.AllRuns(filepath.Join(l.Root, "results"))
	if err != nil {
		return newest, false, err
	}
	all, err := sweep.StudentRuns(append(dirs, l.Runs, filepath.Join(l.Runs, "runs"))...)
	if err != nil {
		return newest, false, err
	}
	for _, r := range all {
		if (r.Config.Distill.Scale == "smoke") == (l.Scale == "smoke") && r.StartedFrom(l.Bundle) {
			return r, true, nil
		}
	}
	newest, found = sweep.Shipped(l.Bundle)
	return newest, found, nil
}
