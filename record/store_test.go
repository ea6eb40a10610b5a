package record

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/network/weights"
)

// trainingStore holds what a training holds: weights, moments, counters, and values that only a copy of bits keeps.
func trainingStore(t *testing.T) *model.Store {
	t.Helper()
	store := model.NewStore()
	for _, v := range []struct {
		path      string
		value     *tensors.Tensor
		trainable bool
	}{
		{"/student/conv/weight", tensors.FromFlatDataAndDimensions([]float32{1, math.MaxFloat32, 1e-45, float32(math.Inf(1))}, 2, 2), true},
		{"/student/bias", tensors.FromFlatDataAndDimensions([]float32{math.Float32frombits(0x7fc12345), math.Float32frombits(0x80000000)}, 2), true},
		{"/ema/bias", tensors.FromFlatDataAndDimensions([]float32{1, 2}, 2), false},
		{"/adam_g/student/bias.moment", tensors.FromFlatDataAndDimensions([]float64{.1, .2}, 2), false},
		{"/half", tensors.FromFlatDataAndDimensions([]bfloat16.BFloat16{bfloat16.FromFloat32(3)}, 1), true},
		{"/empty", tensors.FromFlatDataAndDimensions([]float32{}, 0, 4), true},
		{"/global_step", tensors.MustFromAnyValue(int64(math.MinInt64 + 3)), false},
		{"/#rngState", tensors.FromFlatDataAndDimensions([]uint64{1 << 63, 2, math.MaxUint64}, 3), false},
		{"/mask", tensors.FromFlatDataAndDimensions([]bool{true, false}, 2), false},
	} {
		created, err := store.CreateVariable(v.path, v.value)
		if err != nil {
			t.Fatal(err)
		}
		created.SetTrainable(v.trainable)
	}
	return store
}

func saved(t *testing.T, store *model.Store) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "state.safetensors")
	if err := SaveStore(path, store); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStoreRoundTripIsExact(t *testing.T) {
	want := trainingStore(t)
	path := saved(t, want)

	used := trainingStore(t)
	for v := range used.IterVariables() {
		v.SetTrainable(true)
		if err := v.SetValue(tensors.FromShape(v.Shape())); err != nil {
			t.Fatal(err)
		}
	}
	for reason, got := range map[string]*model.Store{"into an empty store": model.NewStore(), "over other values": used} {
		if err := LoadStore(path, got); err != nil {
			t.Fatal(err)
		}
		if got.NumVariables() != want.NumVariables() {
			t.Errorf("%s: %d variables, want %d", reason, got.NumVariables(), want.NumVariables())
		}
		for w := range want.IterVariables() {
			g := got.GetVariable(w.Path())
			if g == nil || !g.Shape().Equal(w.Shape()) || g.Trainable != w.Trainable {
				t.Errorf("%s: %s is %v, want %v", reason, w.Path(), g, w)
				continue
			}
			if !bytes.Equal(bits(t, w), bits(t, g)) {
				t.Errorf("%s: %s has other bits", reason, w.Path())
			}
		}
		again, err := os.ReadFile(saved(t, got))
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != read(t, path) {
			t.Errorf("%s: saving again gives other bytes", reason)
		}
	}
}

// What comes from elsewhere is not in the file, and stays as it is when the rest is loaded.
func TestScopesFromElsewhereStay(t *testing.T) {
	want := trainingStore(t)
	path := filepath.Join(t.TempDir(), "state.safetensors")
	if err := SaveStore(path, want, "/student", "/adam_g"); err != nil {
		t.Fatal(err)
	}
	got := trainingStore(t)
	for _, name := range []string{"/student/bias", "/ema/bias"} {
		if err := got.GetVariable(name).SetValue(tensors.FromFlatDataAndDimensions([]float32{7, 8}, 2)); err != nil {
			t.Fatal(err)
		}
	}
	if err := LoadStore(path, got); err != nil {
		t.Fatal(err)
	}
	if b := got.GetVariable("/student/bias").MustValue().Value(); !slices.Equal(b.([]float32), []float32{7, 8}) {
		t.Errorf("/student/bias = %v, want the 7 and 8 that were there", b)
	}
	if b := got.GetVariable("/ema/bias").MustValue().Value(); !slices.Equal(b.([]float32), []float32{1, 2}) {
		t.Errorf("/ema/bias = %v, want the 1 and 2 of the file", b)
	}
	if header, err := weights.Header(path); err != nil || len(header.Tensors) != want.NumVariables()-3 {
		t.Errorf("%d tensors in the file (%v), want %d", len(header.Tensors), err, want.NumVariables()-3)
	}
}

// TestTrainingGoesOnFromASavedStore runs Adam on the pure Go engine, whose variables live on a device between steps.
func TestTrainingGoesOnFromASavedStore(t *testing.T) {
	train := func(store *model.Store, steps int) {
		t.Helper()
		exec, err := model.NewExec(graphtest.Engine(), store, func(scope *model.Scope, x *graph.Node) *graph.Node {
			store.SetTraining(x.Graph(), true)
			w := scope.In("student").VariableWithValue("w", []float32{1, -2, 3}).NodeValue(x)
			loss := graph.ReduceAllSum(graph.Square(graph.Sub(w, x)))
			optimizer.Adam().LearningRate(.1).Done().UpdateGraph(scope, x.Graph(), loss)
			return loss
		})
		if err != nil {
			t.Fatal(err)
		}
		for range steps {
			if _, err := exec.Call1([]float32{.3, .1, -.7}); err != nil {
				t.Fatal(err)
			}
		}
	}

	straight, before, after := model.NewStore(), model.NewStore(), model.NewStore()
	train(straight, 10)
	train(before, 4)
	if err := LoadStore(saved(t, before), after); err != nil {
		t.Fatal(err)
	}
	train(after, 6)
	if read(t, saved(t, straight)) != read(t, saved(t, after)) {
		t.Error("4 steps, a saved store and 6 steps differ from 10 steps")
	}
	if n := straight.NumVariables(); n < 4 {
		t.Errorf("%d variables, want weights, moments and a step counter", n)
	}
}

// bits copies the bytes of a variable.
func bits(t *testing.T, v *model.Variable) (b []byte) {
	t.Helper()
	if v.Shape().IsZeroSize() {
		return nil
	}
	if err := v.MustValue().ConstBytes(func(data []byte) { b = bytes.Clone(data) }); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLoadStoreRefusesAnotherModel(t *testing.T) {
	path := saved(t, trainingStore(t))
	for _, c := range []struct {
		reason, path string
		value        any
		want         string
	}{
		{"a variable that the file lacks", "/teacher/new", float32(1), `variable "/teacher/new" is missing`},
		{"another shape", "/ema/bias", []float32{1, 2, 3}, `variable "/ema/bias": shape`},
		{"another type", "/global_step", int32(1), `variable "/global_step": shape`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			store := model.NewStore()
			if _, err := store.CreateVariable(c.path, tensors.MustFromAnyValue(c.value)); err != nil {
				t.Fatal(err)
			}
			checkError(t, LoadStore(path, store), c.want)
			if store.NumVariables() != 1 {
				t.Errorf("a refused file left %d variables", store.NumVariables())
			}
		})
	}

	foreign := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := weights.Write(foreign, &weights.File{}, weights.F32); err != nil {
		t.Fatal(err)
	}
	checkError(t, LoadStore(foreign, model.NewStore()), "not written by SaveStore")
}
