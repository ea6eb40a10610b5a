package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// StudentRun is a finished training whose student is there.
type StudentRun struct {
	Dir      string
	Config   distill.RunConfig
	Finished time.Time
	Form     diffusion.Form // of a shipped student, whose config names no method
}

// Shipped is the student that a bundle brings along. Its config holds what drawing needs.
func Shipped(b *pretrain.Bundle) (s StudentRun, found bool) {
	if b.Student == nil {
		return s, false
	}
	s.Dir, s.Form = b.Dir, b.Student.Form
	s.Config.Distill = distill.Config{Scale: b.Student.Scale, Times: b.Student.Times, StudentNet: b.Student.Net, TeacherNet: b.Student.Teacher}
	return s, true
}

// Student is the file of the weights.
func (s StudentRun) Student() string { return filepath.Join(s.Dir, distill.StudentFile) }

// Steps draws from the student in k steps, by "" in the form that it was trained for.
func (s StudentRun) Steps(k int, form diffusion.Form) pipeline.Named {
	cfg := s.Config.Distill
	form = cmp.Or(form, s.Form, cfg.Form())
	return pipeline.Named{Name: "student, " + fold.Count(k, "step"), Sampling: pipeline.FewSteps(s.Student(), cfg.Times, k, form).For(cfg.StudentNet)}
}

// Teacher draws from the student's teacher in k steps.
func (s StudentRun) Teacher(k int, guidance float64) pipeline.Named {
	cfg := s.Config.Distill
	return pipeline.Named{Name: cfg.Teacher() + ", " + fold.Count(k, "step"), Sampling: pipeline.Teacher(k, guidance).For(cfg.TeacherNet)}
}

// IsDefault tells the default cell of any scale, seed and length.
func (s StudentRun) IsDefault() bool {
	have := s.Config.Distill
	want, err := distill.DefaultConfig(have.Scale)
	if err != nil {
		return false
	}
	want.Seed = have.Seed
	return reflect.DeepEqual(want.WithSteps(have.Steps), have)
}

// StudentRuns lists the finished trainings in folders of runs whose students are there, the latest first.
func StudentRuns(dirs ...string) (found []StudentRun, err error) {
	for _, dir := range dirs {
		runs, err := record.OpenRuns(dir)
		if err != nil {
			return nil, err
		}
		all, err := runs.All()
		if err != nil {
			return nil, err
		}
		for _, run := range all {
			if s, err := newStudentRun(run); err == nil {
				found = append(found, s)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b StudentRun) int { return b.Finished.Compare(a.Finished) })
	return found, nil
}

// ReadStudentRun reads the folder of a finished training.
func ReadStudentRun(dir string) (StudentRun, error) {
	run, err := record.At(dir)
	if err != nil {
		return StudentRun{}, err
	}
	return newStudentRun(run)
}

func newStudentRun(run record.Saved) (s StudentRun, err error) {
	s.Dir = run.Dir()
	if err := run.Config(&s.Config); err != nil {
		return s, err
	}
	switch {
	case s.Config.Kind != "distill":
		return s, fmt.Errorf("sweep: %s is a run of kind %q, want distill", run, s.Config.Kind)
	case s.Dir == "":
		return s, fmt.Errorf("sweep: %s has no weights, want a run's folder with %s", run, distill.StudentFile)
	}
	info, err := os.Stat(filepath.Join(s.Dir, "result.json"))
	if err == nil {
		_, err = os.Stat(s.Student())
	}
	if err != nil {
		return s, fmt.Errorf("sweep: %s holds no finished training with %s", run, distill.StudentFile)
	}
	s.Finished = info.ModTime()
	return s, nil
}

// Check compares the student with the checksum in the record of its training; older records may hold none.
func (s StudentRun) Check() error {
	run, err := record.At(s.Dir)
	if err != nil {
		return err
	}
	var trained Trained
	if err := run.Result(&trained); err != nil || trained.SHA256 == "" {
		return err
	}
	return trained.check(run)
}

// StartedFrom reports whether a bundle has the networks that the student started from.
func (s StudentRun) StartedFrom(b *pretrain.Bundle) bool {
	for part, hash := range s.Config.Weights {
		if b.Files[part] != hash {
			return false
		}
	}
	return true
}

// Bundle finds the networks that the student started from in a folder. "" are the shipped ones and those beside the folder of its runs.
func (s StudentRun) Bundle(dir string) (*pretrain.Bundle, error) {
	dirs := []string{dir}
	if dir == "" {
		dirs = nil
		for _, parent := range []string{"pretrained", filepath.Join(filepath.Dir(filepath.Dir(s.Dir)), "pretrained")} {
			found, err := fs.Glob(os.DirFS(parent), "*/bundle.json")
			if err != nil {
				return nil, err
			}
			for _, name := range found {
				dirs = append(dirs, filepath.Join(parent, path.Dir(name)))
			}
		}
	}
	var damaged error
	for _, dir := range dirs {
		b, err := pretrain.LoadBundle(dir)
		if err != nil {
			damaged = errors.Join(damaged, err)
			continue
		}
		if s.StartedFrom(b) {
			return b, nil
		}
	}
	if damaged != nil {
		return nil, damaged
	}
	return nil, fmt.Errorf("sweep: none of %q holds the networks that %s started from: want the folder that pretrain wrote", dirs, s.Dir)
}
