package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train/optim"
)

// quadratic is a training of 20 steps of AdamW with an average, towards targets that the step draws. It begins in an empty
// store, as after a restart of the program.
func quadratic(t *testing.T) Task {
	store := model.NewStore()
	o := optim.AdamW{Name: "x", Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, WeightDecay: 0.01, ClipNorm: 1}
	exec := graphtest.Compile(t, store, func(scope *model.Scope, in []*graph.Node) []*graph.Node {
		g := in[0].Graph()
		x := scope.At("net").VariableWithValue("x", [][]float32{{1, 2}, {3, 4}})
		d := graph.Sub(x.NodeValue(g), in[0])
		loss := graph.ReduceAllSum(graph.Mul(d, d))
		norm := o.Update([]*model.Variable{x}, loss, in[1])
		optim.EMA([]*model.Variable{x}, "/net", "/net_ema", in[2])
		return []*graph.Node{loss, norm}
	})
	return Task{
		Name: "quadratic", Store: store, Steps: 20, Columns: []string{"loss", "norm"}, LogEvery: 3, CheckpointEvery: 5,
		Step: func(step int) ([]float64, error) {
			target := F32(rng.Normal(rng.New(1, "target", step), 4), 2, 2)
			return Call(exec, target, F32(o.Coefficients(0.1, step), 3), tensors.FromScalar(float32(0.9)))
		},
	}
}

// run opens the run in root as a program that starts would, and lets the task go on with it. The folder is free again after.
func run(t *testing.T, ctx context.Context, root string, task Task) (dir string, err error) {
	t.Helper()
	r, err := record.Open(context.Background(), root, map[string]string{"name": task.Name}, record.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Dir(), task.Run(ctx, r, NewProgress(nil))
}

// outcome is all that a training leaves: its metrics, byte by byte, and its state.
func outcome(t *testing.T, dir string, store *model.Store) (metrics string, state map[string][]float32) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	state = map[string][]float32{}
	for v := range store.IterVariables() {
		state[v.Path()] = tensors.MustCopyFlatData[float32](v.MustValue())
	}
	return string(b), state
}

func steps(t *testing.T, root string) (found []string) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(root, "*", "checkpoints", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		found = append(found, filepath.Base(dir))
	}
	return found
}

var errCrash = errors.New("the power went out")

// counted is a task without a model, whose column "n" is the step.
func counted(steps, logEvery int) Task {
	return Task{
		Name: "counted", Store: model.NewStore(), Steps: steps, Columns: []string{"n", "one"}, LogEvery: logEvery,
		Step: func(step int) ([]float64, error) { return []float64{float64(step), 1}, nil },
	}
}
