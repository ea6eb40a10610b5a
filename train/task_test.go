package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
)

func TestInterruptedTrainingEndsAsAnUndisturbedOne(t *testing.T) {
	undisturbed := quadratic(t)
	dir, err := run(t, t.Context(), t.TempDir(), undisturbed)
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics, wantState := outcome(t, dir, undisturbed.Store)
	if n := strings.Count(wantMetrics, "\n"); n != 7 { // 3, 6 … 18, 20
		t.Errorf("%d lines, want 7:\n%s", n, wantMetrics)
	}
	if len(wantState) != 4 {
		t.Errorf("state of %d variables, want the weight, its average and two moments", len(wantState))
	}

	root := t.TempDir()
	crash := func(at int) error {
		task := quadratic(t)
		step := task.Step
		task.Step = func(n int) ([]float64, error) {
			if n == at {
				return nil, errCrash
			}
			return step(n)
		}
		_, err := run(t, t.Context(), root, task)
		return err
	}
	cancel := func(at int) error {
		ctx, stop := context.WithCancel(t.Context())
		task := quadratic(t)
		step := task.Step
		task.Step = func(n int) ([]float64, error) {
			if n == at {
				stop() // the step in progress is finished
			}
			return step(n)
		}
		_, err := run(t, ctx, root, task)
		return err
	}
	for _, stop := range []struct {
		why   string
		by    func(at int) error
		at    int
		want  error
		saved []string // checkpoints that stand afterwards; the latest two are kept
	}{
		{"crash before the first checkpoint", crash, 4, errCrash, nil},
		{"cancelled in the middle of a line: goes on to its end, step 6", cancel, 4, context.Canceled, []string{"6"}},
		{"crash after a checkpoint", crash, 8, errCrash, []string{"6"}},
		{"cancelled in the middle of another line", cancel, 8, context.Canceled, []string{"6", "9"}},
		{"cancelled at the end of a line", cancel, 12, context.Canceled, []string{"12", "9"}},
		{"crash at once", crash, 13, errCrash, []string{"12", "9"}},
		{"crash before the last step", crash, 20, errCrash, []string{"12", "18"}}, // the first line that ends 5 steps or more after the start
	} {
		if err := stop.by(stop.at); !errors.Is(err, stop.want) {
			t.Fatalf("%s: error %v, want %v", stop.why, err, stop.want)
		}
		if diff := cmp.Diff(stop.saved, steps(t, root)); diff != "" {
			t.Errorf("%s: checkpoints (-want +got):\n%s", stop.why, diff)
		}
	}
	last := quadratic(t)
	dir, err = run(t, t.Context(), root, last)
	if err != nil {
		t.Fatal(err)
	}
	metrics, state := outcome(t, dir, last.Store)
	if diff := cmp.Diff(wantMetrics, metrics); diff != "" {
		t.Errorf("metrics.jsonl (-undisturbed +interrupted):\n%s", diff)
	}
	if diff := cmp.Diff(wantState, state); diff != "" {
		t.Errorf("state (-undisturbed +interrupted):\n%s", diff)
	}
}

func TestCancelledBeforeItStarts(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	root := t.TempDir()
	task := quadratic(t)
	task.Step = func(int) ([]float64, error) {
		t.Error("a step was done")
		return nil, errCrash
	}
	if _, err := run(t, ctx, root, task); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if got := steps(t, root); got != nil {
		t.Errorf("checkpoints %v, want none", got)
	}
}

func TestLinesAreMeansAndAfterLogSeesThem(t *testing.T) {
	task := counted(8, 3)
	var seen []string
	task.AfterLog = func(step int, mean map[string]float64) error {
		seen = append(seen, fmt.Sprint(step, mean))
		return nil
	}
	dir, err := run(t, t.Context(), t.TempDir(), task)
	if err != nil {
		t.Fatal(err)
	}
	metrics, _ := outcome(t, dir, task.Store)
	want := `{"step":3,"n":2,"one":1}
{"step":6,"n":5,"one":1}
{"step":8,"n":7.5,"one":1}
`
	if diff := cmp.Diff(want, metrics); diff != "" {
		t.Errorf("metrics.jsonl (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"3 map[n:2 one:1]", "6 map[n:5 one:1]", "8 map[n:7.5 one:1]"}, seen); diff != "" {
		t.Errorf("AfterLog (-want +got):\n%s", diff)
	}

	// A loss that has diverged is written, and what watches it can end the training.
	task = counted(8, 2)
	task.Step = func(int) ([]float64, error) { return []float64{math.NaN(), math.Inf(1)}, nil }
	task.AfterLog = func(step int, mean map[string]float64) error {
		if !Finite(mean["n"]) {
			return fmt.Errorf("step %d: %w", step, errCrash)
		}
		return nil
	}
	dir, err = run(t, t.Context(), t.TempDir(), task)
	if !errors.Is(err, errCrash) || !strings.Contains(err.Error(), "step 2") {
		t.Errorf("error %v, want that of AfterLog at step 2", err)
	}
	metrics, _ = outcome(t, dir, task.Store)
	if want := `{"step":2,"n":"NaN","one":"+Inf"}` + "\n"; metrics != want {
		t.Errorf("metrics.jsonl = %q, want %q", metrics, want)
	}
}

func TestRunRefuses(t *testing.T) {
	for want, edit := range map[string]func(*Task){
		"log_every = 0":                         func(task *Task) { task.LogEvery = 0 },
		`2 values, want one for each of ["n"]`:  func(task *Task) { task.Columns = []string{"n"} },
		"counted step 1: the power went out":    func(task *Task) { task.Step = func(int) ([]float64, error) { return nil, errCrash } },
		`2 values, want one for each of ["n" "`: func(task *Task) { task.Columns = []string{"n", "one", "more"} },
	} {
		task := counted(4, 2)
		edit(&task)
		if _, err := run(t, t.Context(), t.TempDir(), task); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A checkpoint of another network is named, not half loaded.
func TestCheckpointOfAnotherModelIsRefused(t *testing.T) {
	root := t.TempDir()
	task := counted(4, 1)
	task.CheckpointEvery = 2
	step := task.Step
	task.Step = func(n int) ([]float64, error) {
		if n == 4 {
			return nil, errCrash
		}
		return step(n)
	}
	if _, err := run(t, t.Context(), root, task); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	task = counted(4, 1)
	if _, err := task.Store.CreateVariable("/net/x", tensors.FromScalar(float32(1))); err != nil {
		t.Fatal(err)
	}
	_, err := run(t, t.Context(), root, task)
	for _, want := range []string{"counted", "checkpoint of step 2", "/net/x"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to name %q", err, want)
		}
	}
}

func TestFinite(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if Finite(0, x, 1) {
			t.Errorf("%g is finite", x)
		}
	}
	if !Finite() || !Finite(0, -1, math.MaxFloat64) {
		t.Error("numbers are not finite")
	}
}

func TestCall(t *testing.T) {
	exec := graphtest.Compile(t, model.NewStore(), func(_ *model.Scope, in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.ReduceAllSum(in[0]), graph.MulScalar(in[1], 2)}
	})
	x, y := F32([]float32{1, 2, 3.5}, 3), tensors.FromScalar(float32(4))
	got, err := Call(exec, x, y)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{6.5, 8}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if x.Ok() || y.Ok() {
		t.Error("inputs are alive after the call")
	}

	vector := graphtest.Compile(t, model.NewStore(), func(_ *model.Scope, in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.ReduceAllSum(in[0]), in[0]}
	})
	for why, in := range map[string]*tensors.Tensor{"output 1 has shape": F32([]float32{1, 2}, 2), "output 0 has shape": I32([]int32{3}, 1)} {
		if _, err := Call(vector, in); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("error %v, want %q", err, why)
		}
		if in.Ok() {
			t.Errorf("%s: input is alive after the call", why)
		}
	}

	failing := graphtest.Compile(t, model.NewStore(), func(*model.Scope, []*graph.Node) []*graph.Node { panic(errCrash) })
	x = tensors.FromScalar(float32(1))
	if _, err := Call(failing, x); err == nil || !strings.Contains(err.Error(), errCrash.Error()) {
		t.Errorf("error %v, want that of the graph", err)
	}
	if x.Ok() {
		t.Error("input is alive after a call that failed")
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out)
	p.Batch = 8
	p.Begin("teacher", 10, 13)
	for step := 11; step <= 13; step++ {
		p.Step(step, []string{"loss"}, []float64{float64(step)})
	}
	p.End()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	want := []string{
		"teacher: resumes after step 10 of 13",
		"teacher: step 11/13, loss 11", // compiled, which tells nothing of the others; then silence, as elsewhere than on a terminal
		"teacher: step 13/13, 0s left, loss 11.3",
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), &out)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) || (i == 2) != strings.HasSuffix(lines[i], " images/s") {
			t.Errorf("line %d = %q, want %q, and a rate in the last one", i, lines[i], want[i])
		}
	}

	// On a terminal a shorter line covers the longer one before it.
	out.Reset()
	p = NewProgress(&out)
	p.terminal = true
	p.Begin("teacher", 0, 1)
	p.Step(1, []string{"loss"}, []float64{1234})
	p.Step(1, nil, nil)
	p.Note("slow")
	p.End()
	parts := strings.Split(out.String(), "\r")
	if len(parts) != 3 || strings.Contains(parts[1], "\n") || len(strings.TrimSuffix(parts[2], "\nteacher: slow\n")) != len(parts[1]) || !strings.HasSuffix(parts[2], " \nteacher: slow\n") {
		t.Errorf("lines = %q, want two of equal length, an end, and the note", parts)
	}

	// Nowhere to write to is no reason to fail.
	p = NewProgress(nil)
	p.Begin("teacher", 1, 2)
	p.Step(2, []string{"loss"}, []float64{1})
	p.End()
}
