package pretrain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Every part trains on the pure Go engine, and ends with weights of the architecture that a bundle holds under the part's name.
func TestTasksLearn(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	const steps = 30
	for _, test := range []struct {
		part   string
		scopes []string
		share  float64 // of the loss of the first five steps that is left in the last five
	}{
		{"text", []string{"optimizer", "pair"}, 0.8},
		{"features", []string{"features", "optimizer"}, 0.8},
		{"classifier", []string{"classifier", "optimizer"}, 0.96},
		{"pair", []string{"optimizer", "pair"}, 0.8},
		{"teacher", []string{"optimizer", "teacher", "teacher_ema", "text", "text_ema"}, 0.96},
	} {
		t.Run(test.part, func(t *testing.T) {
			c, store := tinyTrainer(t, steps), model.NewStore()
			task, err := c.Task(test.part, store)
			if err != nil {
				t.Fatal(err)
			}
			if task.Name != test.part || task.Steps != steps || task.Columns[0] != "loss" {
				t.Errorf("task = %s of %d steps with columns %q", task.Name, task.Steps, task.Columns)
			}
			var losses []float64
			for step := 1; step <= steps; step++ {
				values, err := task.Step(step)
				if err != nil {
					t.Fatal(err)
				}
				if len(values) != len(task.Columns) || !train.Finite(values...) {
					t.Fatalf("step %d: %v, want finite values of %q", step, values, task.Columns)
				}
				losses = append(losses, values[0])
			}
			mean := func(x []float64) (sum float64) {
				for _, v := range x {
					sum += v / float64(len(x))
				}
				return sum
			}
			if first, last := mean(losses[:5]), mean(losses[steps-5:]); last > test.share*first {
				t.Errorf("loss = %.4g, then %.4g: want at most %g of the first", first, last, test.share)
			}
			if diff := cmp.Diff(test.scopes, scopesOf(store)); diff != "" {
				t.Errorf("scopes of the store (-want +got):\n%s", diff)
			}

			file, err := weights.FromStore(store, scopes[test.part])
			if err != nil {
				t.Fatal(err)
			}
			bundle := &Bundle{Config: c.Config}
			if err := bundle.Check(graphtest.Engine(), test.part, file); err != nil {
				t.Errorf("trained weights: %v", err)
			}
			if test.part == "teacher" {
				if file, err = weights.FromStore(store, c.Config.teacherText()); err != nil {
					t.Fatal(err)
				}
				if err := bundle.Check(graphtest.Engine(), "text", file); err != nil {
					t.Errorf("tuned text encoder: %v", err)
				}
			}
		})
	}
}

func TestUnknownPart(t *testing.T) {
	c := tinyTrainer(t, 1)
	_, err := c.Task("student", model.NewStore())
	wantError(t, "Task", err, `pretrain: part = "student", want one of ["text" "features" "classifier" "pair" "teacher"]`)
	_, err = c.PartConfig("student", "")
	wantError(t, "PartConfig", err, `pretrain: part = "student", want one of`)
	c.Data = tinyworld.Album(8)
	_, err = c.Task("classifier", model.NewStore())
	wantError(t, "classifier of a folder", err, "pretrain: album has no attributes to classify, want a built-in world")
}

// Stopped in the middle and started again, the teacher's training ends as if nothing had happened.
func TestResumedTeacherIsUndisturbed(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	const steps = 6
	results := map[string]map[string][]float32{}
	lines := map[string]string{}
	for _, name := range []string{"undisturbed", "interrupted"} {
		root := t.TempDir()
		trainTo := func(last int) error {
			c, store := tinyTrainer(t, steps), model.NewStore()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			run, err := record.Open(ctx, root, map[string]string{"kind": "test"}, record.Environment{})
			if err != nil {
				t.Fatal(err)
			}
			defer run.Close()
			task, err := c.Task("teacher", store)
			if err != nil {
				t.Fatal(err)
			}
			once := task.Step
			task.Step = func(step int) ([]float64, error) {
				if step == last {
					cancel()
				}
				return once(step)
			}
			err = task.Run(ctx, run, train.NewProgress(nil))
			text, readErr := os.ReadFile(filepath.Join(run.Dir(), "metrics.jsonl"))
			if readErr != nil {
				t.Fatal(readErr)
			}
			results[name], lines[name] = snapshot(store), string(text)
			return err
		}
		if name == "interrupted" {
			if err := trainTo(3); !errors.Is(err, context.Canceled) {
				t.Fatalf("error = %v, want the context's", err)
			}
		}
		if err := trainTo(0); err != nil {
			t.Fatal(err)
		}
	}
	if !cmp.Equal(results["undisturbed"], results["interrupted"]) {
		t.Error("weights or moments differ after an interruption")
	}
	if diff := cmp.Diff(lines["undisturbed"], lines["interrupted"]); diff != "" || strings.Count(lines["undisturbed"], "\n") != steps {
		t.Errorf("metrics.jsonl, want %d equal lines (-undisturbed +interrupted):\n%s", steps, diff)
	}
}

// open is a dataset whose training pictures are the given source.
type open struct {
	dataset.Dataset
	train dataset.Source
}

func (o open) Train() dataset.Source { return o.train }

// changed is a source whose samples pass through a filter.
type changed struct {
	dataset.Source
	change func(s *dataset.Sample)
}

func (c changed) Sample(i int) (dataset.Sample, error) {
	s, err := c.Source.Sample(i)
	c.change(&s)
	return s, err
}

// firstSteps are the values of the first two steps of a task.
func firstSteps(t testing.TB, c *Trainer, part string) [][]float64 {
	t.Helper()
	store := model.NewStore()
	made, err := c.Task(part, store)
	if err != nil {
		t.Fatal(err)
	}
	var values [][]float64
	for step := 1; step <= 2; step++ {
		v, err := made.Step(step)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

// The teacher's null and negative captions are drawn inside the step. At a share of 1 they must do what a dataset does that has
// them already.
func TestTeacherCaptions(t *testing.T) {
	values := func(drop, negative float64, change func(s *dataset.Sample)) [][]float64 {
		c := tinyTrainer(t, 2)
		c.Config.CaptionDrop, c.Config.NegativeShare = drop, negative
		c.Data = open{tinyworld.New(), changed{tinyworld.New().Train(), change}}
		// The output begins at zero whatever the caption: a large first step makes the second tell.
		c.Config.TeacherTraining.Rate = optim.Rate{Peak: 0.05}
		return firstSteps(t, c, "teacher")
	}
	plain := values(0, 0, func(*dataset.Sample) {})
	without := values(0, 0, func(s *dataset.Sample) { s.Caption = "" })
	blurry := values(0, 0, func(s *dataset.Sample) {
		s.Caption, s.Image.Pix = "a blurry picture", slices.Clone(s.Image.Pix)
		blur(s.Image.Pix, tinyworld.Size)
	})
	if diff := cmp.Diff(without, values(1, 0, func(*dataset.Sample) {})); diff != "" {
		t.Errorf("all captions dropped (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(blurry, values(0, 1, func(*dataset.Sample) {})); diff != "" {
		t.Errorf("all pictures blurred and captioned so (-want +got):\n%s", diff)
	}
	if cmp.Equal(plain, without) || cmp.Equal(plain, blurry) || cmp.Equal(without, blurry) {
		t.Errorf("captions change nothing: the test shows nothing: %v, %v, %v", plain, without, blurry)
	}
}

// The teacher begins with an output of zero, so that its first loss is the mean square of what it is to predict.
func TestTeacherTarget(t *testing.T) {
	first := func(p diffusion.Prediction) float64 {
		c := tinyTrainer(t, 2)
		c.Config.MinSNR = 0
		if p == diffusion.PredictX0 {
			c.Config.MinSNR = 1 // weighs all times alike there
		}
		c.Config.Prediction, c.Config.CaptionDrop, c.Config.NegativeShare = p, 0, 0
		return firstSteps(t, c, "teacher")[0][0]
	}
	c := tinyTrainer(t, 2)
	batch, err := dataset.NewLoader(c.Data.Train(), c.Config.TeacherTraining.Batch, c.Config.Seed+4000, "pretrain/teacher").Batch(1)
	if err != nil {
		t.Fatal(err)
	}
	var square float64
	for _, v := range batch.Images {
		square += float64(v) * float64(v) / float64(len(batch.Images))
	}
	near(t, "mean square of the pictures", square, first(diffusion.PredictX0), 1e-5)
	near(t, "mean square of the noise", 1, first(diffusion.PredictEps), 0.1)
	if v := first(diffusion.PredictV); v < square || v > 1.1 {
		t.Errorf("mean square of v = %g, want between that of the pictures, %g, and of the noise", v, square)
	}
}

// The evaluation networks learn all compositions, so that they can judge those that the teacher has never seen; the text encoder
// learns what the teacher may see.
func TestWhoSeesNovelCompositions(t *testing.T) {
	everything := open{tinyworld.New(), tinyworld.New().Split("all")}
	for _, test := range []struct {
		part string
		same bool
	}{{"pair", true}, {"text", false}} {
		c := tinyTrainer(t, 2)
		builtIn := firstSteps(t, c, test.part)
		c.Data = everything
		if same := cmp.Equal(builtIn, firstSteps(t, c, test.part)); same != test.same {
			t.Errorf("%s learns all compositions: %v, want %v", test.part, same, test.same)
		}
	}
}
