package lessons

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/sweep"
	"github.com/addlab/addlab/train"
)

// growthFile holds the grid that grew while a student learned, as data; Distill draws it.
const growthFile = "growth.json"

// Config is the paper's recipe in the length that a notebook has time for. Edit what you like: every other config is another run.
func (l *Lab) Config() distill.Config {
	c, err := distill.DefaultConfig(l.Scale)
	show.Check(err) // the scale was checked when the lab was opened
	return c.WithSteps(l.DistillSteps)
}

// Student is a student's training: its folder with what it has left there.
type Student struct {
	sweep.StudentRun
	Growth plot.Grid // samples of the growing student, a row for each look
}

// Distill trains the student of a config, showing losses, accuracy of the discriminator and samples while it learns, or finds it trained.
// After an interruption the next call resumes from the last checkpoint.
func (l *Lab) Distill(cfg distill.Config) (s Student, err error) {
	s.Config = distill.NewRunConfig(cfg, l.Bundle, l.Data)
	e := l.Engine()
	run, err := record.Open(l.ctx, l.Runs, s.Config, record.NewEnvironment(e.Name, e.Version, e.Device))
	if err != nil {
		return s, err
	}
	defer run.Close()
	s.Dir = run.Dir()
	if run.Finished() {
		var trained sweep.Trained
		if err := run.Result(&trained); err != nil {
			return s, err
		}
		if err := trained.Err(); err != nil {
			return s, err
		}
		return s, s.readGrowth()
	}
	if err := s.readGrowth(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	trained, err := sweep.RecordTraining(run, cfg.Steps, func() error { return l.learn(&s, run) })
	return s, errors.Join(err, trained.Err())
}

// learn trains and looks on.
func (l *Lab) learn(s *Student, run *record.Run) error {
	live, out := show.NewLive(), io.Writer(os.Stdout)
	defer live.Close()
	if gonbui.IsNotebook {
		out = nil // the live place shows it
	}
	if s.Growth.Columns == nil {
		if err := l.beginGrowth(s); err != nil {
			return err
		}
	}
	began, first, look := time.Now(), 0, 0
	latest := filepath.Join(run.Dir(), "latest.tmp")
	defer os.Remove(latest)
	in := distill.Inputs{Config: s.Config.Distill, Bundle: l.Bundle, Data: l.Data, Backend: l.Engine().Backend}
	in.Watch = func(step int, mean map[string]float64, save func(string) error) error {
		if first == 0 { // the first step of this process, which compiles
			began, first = time.Now(), step
		}
		if step >= look || step == s.Config.Distill.Steps {
			look = 2 * step
			if err := l.grow(s, step, latest, save); err != nil {
				return err
			}
		}
		if live.Due() || step == s.Config.Distill.Steps {
			each := time.Since(began) / time.Duration(max(step-first, 1))
			return s.show(live, step, mean, each*time.Duration(s.Config.Distill.Steps-step))
		}
		return nil
	}
	return new(distill.Trainer).Train(l.ctx, in, run, train.NewProgress(out))
}

// beginGrowth starts the grid with real pictures and what the student starts from: the teacher in one step.
func (l *Lab) beginGrowth(s *Student) (err error) {
	start := pipeline.Named{Name: "start: the teacher, 1 step", Sampling: pipeline.Teacher(1, 0).For(s.Config.Distill.StudentNet)}
	s.Growth, err = l.Samples(nil, start)
	return err
}

// grow adds a row of samples.
func (l *Lab) grow(s *Student, step int, path string, save func(string) error) error {
	if err := save(path); err != nil {
		return err
	}
	cfg := s.Config.Distill
	images, err := l.draw(pipeline.FewSteps(path, cfg.Times, 1, "").For(cfg.StudentNet), s.Growth.Columns)
	if err != nil {
		return err
	}
	for _, m := range images {
		if slices.ContainsFunc(m.Pix, func(v float32) bool { return !train.Finite(float64(v)) }) {
			return fmt.Errorf("%w: after step %d the student's pictures are not numbers", distill.ErrDiverged, step)
		}
	}
	const after = "after step %d"
	s.Growth.Rows = slices.DeleteFunc(s.Growth.Rows, func(r plot.GridRow) bool { // what an interrupted training had seen beyond its checkpoint
		var then int
		_, err := fmt.Sscanf(r.Name, after, &then)
		return err == nil && then >= step
	})
	s.Growth.Rows = append(s.Growth.Rows, plot.GridRow{Name: fmt.Sprintf(after, step), Images: images})
	data, err := json.Marshal(s.Growth)
	if err != nil {
		return err
	}
	return record.WriteFile(filepath.Join(s.Dir, growthFile), data)
}

func (s *Student) readGrowth() error {
	data, err := os.ReadFile(filepath.Join(s.Dir, growthFile))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, &s.Growth)
}

// show puts the state of the training into a live place.
func (s *Student) show(live *show.Live, step int, mean map[string]float64, left time.Duration) error {
	losses, err := s.Losses()
	if err != nil {
		return err
	}
	accuracy, err := s.Accuracy()
	if err != nil {
		return err
	}
	line := fmt.Sprintf("step %d of %d, about %s left; the discriminator is right on %.0f %% of real and %.0f %% of generated tokens",
		step, s.Config.Distill.Steps, left.Round(time.Second), 100*mean["acc_real"], 100*mean["acc_fake"])
	live.Update(line, losses, accuracy, s.Growth)
	return nil
}

// Losses plots L_adv^G, L_distill and the two halves of the discriminator's hinge loss over the steps done so far.
func (s *Student) Losses() (plot.Curves, error) {
	return Curves(s.Dir, "Losses", "loss", []string{"g_adv", "distill", "d_real", "d_fake"},
		"student: adversarial, L_adv^G", "student: distillation, L_distill", "discriminator: real", "discriminator: generated")
}

// Accuracy plots how often the discriminator is right.
func (s *Student) Accuracy() (plot.Curves, error) {
	return Curves(s.Dir, "How often the discriminator is right, over tokens and heads", "share", []string{"acc_real", "acc_fake"},
		"on real pictures", "on the student's pictures")
}

// Curves plots columns of a run's metrics.
func Curves(run, title, label string, columns []string, names ...string) (plot.Curves, error) {
	c := plot.Curves{Title: title, YLabel: label}
	lines, err := record.ReadLines[map[string]record.Number](filepath.Join(run, "metrics.jsonl"))
	for i, column := range columns {
		curve := plot.Curve{Name: names[i]}
		for _, line := range lines {
			curve.Steps, curve.Values = append(curve.Steps, int(line["step"])), append(curve.Values, float64(line[column]))
		}
		c.Curves = append(c.Curves, curve)
	}
	return c, err
}

// Compare draws the student in some numbers of steps beside the teacher.
func (l *Lab) Compare(s Student, steps ...int) (plot.Grid, error) {
	return l.Samples(nil, append([]pipeline.Named{s.Teacher(25, Guidance), s.Teacher(1, Guidance)}, s.samplings(steps)...)...)
}

// StudentScores measures the student in some numbers of steps beside real pictures and the teacher.
func (l *Lab) StudentScores(s Student, steps ...int) (show.Sheet, error) {
	return l.scores(append(s.samplings(steps), s.Teacher(25, Guidance), s.Teacher(1, Guidance))...)
}

func (s Student) samplings(steps []int) (rows []pipeline.Named) {
	for _, k := range steps {
		rows = append(rows, s.Steps(k, ""))
	}
	return rows
}
