package lessons

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/notebooks/points"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/train"
)

// Points distils a ring of Gaussians by every method of the axis `method`, at the smoke scale by one of them. The picture has a panel of
// points for the data, for the teacher and for each student, and the table counts the points of every mode.
func (l *Lab) Points() (picture plot.Scatter, table show.Sheet, err error) {
	const n = 1000
	cfg, cells := points.DefaultConfig(), ablations.Method.Cells
	if l.Scale == "smoke" {
		cfg.TeacherSteps, cfg.Steps, cfg.Batch, cells = 4, 4, 16, cells[:1]
	}
	live, out := show.NewLive(), io.Writer(os.Stdout)
	defer live.Close()
	if gonbui.IsNotebook {
		out = live
	}
	world := points.Ring()
	picture = plot.Scatter{Title: fmt.Sprintf("%d points of the data, of the teacher and of every student", n), Columns: 5, Reach: 1.2}
	table = show.Sheet{Head: []string{"model", "calls", "fullest mode", "emptiest mode", "between modes", "seconds"}, Note: "Shares of the points, in percent; a mode reaches to three standard deviations. Seconds are those of the training, compiling included."}
	add := func(name string, calls int, at []float64, spent time.Duration) {
		picture.Panels = append(picture.Panels, plot.ScatterPanel{Name: name, Points: at})
		counts, between := world.Modes(at)
		most, least := 0, n
		for _, c := range counts {
			most, least = max(most, c), min(least, c)
		}
		percent := func(count int) string { return fmt.Sprintf("%.1f", 100*float64(count)/n) }
		row := []string{name, "–", percent(most), percent(least), percent(between), "–"}
		if calls > 0 {
			row[1] = fmt.Sprint(calls)
		}
		if spent > 0 {
			row[5] = fmt.Sprintf("%.0f", spent.Seconds())
		}
		table.Add(row...)
		live.Update(name, picture)
	}
	add("data", 0, world.Sample(n), 0)

	lab, err := points.Open(l.ctx, l.Engine().Backend, world, cfg, train.NewProgress(out))
	if lab != nil {
		defer lab.Close()
	}
	if err != nil {
		return picture, table, err
	}
	for _, steps := range []int{25, 4, 1} {
		at, err := lab.Draw(l.ctx, pipeline.Teacher(steps, 0), n)
		if err != nil {
			return picture, table, err
		}
		add(fmt.Sprintf("teacher, %d", steps), steps, at, 0)
	}
	for _, cell := range cells {
		began := time.Now()
		at, err := lab.Distill(l.ctx, cell, n, train.NewProgress(out))
		if err != nil {
			return picture, table, fmt.Errorf("%s: %w", cell.Name, err)
		}
		add(cell.Name, max(1, cell.Steps), at, time.Since(began))
	}
	return picture, table, nil
}
