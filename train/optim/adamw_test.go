package optim

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
)

// toy has a matrix and a vector under /net, and the loss ½Σ c·(x − target)² with c = 1, 2, 3 … and targets of its own.
type toy struct{ matrix, vector []float32 }

func (y toy) store(t *testing.T) *model.Store {
	t.Helper()
	store := model.NewStore()
	for path, value := range map[string]*tensors.Tensor{
		"/net/matrix": tensors.FromFlatDataAndDimensions(append([]float32{}, y.matrix...), 2, 3),
		"/net/vector": tensors.FromFlatDataAndDimensions(append([]float32{}, y.vector...), 3),
	} {
		if _, err := store.CreateVariable(path, value); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// curvature and target of element i of the matrix followed by the vector.
func curvature(i int) float64 { return float64(i + 1) }
func target(i int) float64    { return math.Sin(float64(i)) }

func (toy) loss(scope *model.Scope, g *Graph) *Node {
	var loss *Node
	first := 0
	for _, name := range []string{"matrix", "vector"} {
		x := scope.At("net").GetVariable(name).NodeValue(g)
		c, goal := make([]float32, x.Shape().Size()), make([]float32, x.Shape().Size())
		for i := range c {
			c[i], goal[i] = float32(curvature(first+i)), float32(target(first+i))
		}
		first += len(c)
		d := Sub(Reshape(x, -1), Const(g, goal))
		part := MulScalar(ReduceAllSum(Mul(Const(g, c), Mul(d, d))), 0.5)
		if loss == nil {
			loss = part
		} else {
			loss = Add(loss, part)
		}
	}
	return loss
}

// adamW is one step of algorithm 2 of Loshchilov & Hutter 1711.05101 with the rate as schedule, after clipping by the global
// norm, in float64. It gives the norm before clipping; decays tells which elements decay.
func (o AdamW) reference(x, m, v []float64, step int, rate float64, decays func(i int) bool) (norm float64) {
	grad := make([]float64, len(x))
	for i := range x {
		grad[i] = curvature(i) * (x[i] - target(i))
		norm += grad[i] * grad[i]
	}
	norm = math.Sqrt(norm)
	for i := range x {
		g := grad[i]
		if o.ClipNorm > 0 && norm > o.ClipNorm {
			g *= o.ClipNorm / norm
		}
		m[i] = o.Beta1*m[i] + (1-o.Beta1)*g
		v[i] = o.Beta2*v[i] + (1-o.Beta2)*g*g
		mHat := m[i] / (1 - math.Pow(o.Beta1, float64(step)))
		vHat := v[i] / (1 - math.Pow(o.Beta2, float64(step)))
		update := mHat / (math.Sqrt(vHat) + o.Epsilon)
		if decays(i) {
			update += o.WeightDecay * x[i]
		}
		x[i] -= rate * update
	}
	return norm
}

func flat(t *testing.T, store *model.Store, paths ...string) (x []float64) {
	t.Helper()
	for _, path := range paths {
		v := store.GetVariable(path)
		if v == nil {
			t.Fatalf("no variable %s", path)
		}
		for _, f := range tensors.MustCopyFlatData[float32](v.MustValue()) {
			x = append(x, float64(f))
		}
	}
	return x
}

func TestAdamWEqualsItsPaper(t *testing.T) {
	for why, o := range map[string]AdamW{
		"plain Adam":                    {Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
		"with all":                      {Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-3, WeightDecay: 0.3, ClipNorm: 2},
		"no momentum":                   {Beta1: 0, Beta2: 0.99, Epsilon: 1e-8},
		"clip that the norm never hits": {Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, ClipNorm: 1e6},
		"three passes":                  {Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, WeightDecay: 0.3, ClipNorm: 2, Passes: 3},
	} {
		t.Run(why, func(t *testing.T) {
			o.Name = "test"
			y := toy{matrix: []float32{.5, -1, 2, 0, .25, -.75}, vector: []float32{1, -2, 3}}
			store := y.store(t)
			exec := graphtest.Compile(t, store, func(scope *model.Scope, in []*Node) []*Node {
				loss := Mul(y.loss(scope, in[0].Graph()), in[1])
				return []*Node{o.Update(Variables(scope.At("net"), loss.Graph()), loss, in[0])}
			})

			x := flat(t, store, "/net/matrix", "/net/vector")
			m, v := make([]float64, len(x)), make([]float64, len(x))
			near := cmpopts.EquateApprox(1e-5, 1e-5)
			for step := 1; step <= 5; step++ {
				rate := 0.1 / float64(step)
				norm := o.reference(x, m, v, step, rate, func(i int) bool { return i < len(y.matrix) }) // of the matrix only
				var got float64
				passes := max(1, o.Passes)
				for pass := range passes { // of losses whose mean is that of the reference
					weight := float32(2*pass+1) / float32(passes)
					got += float64(graphtest.Call(t, exec, o.Coefficients(rate, (step-1)*passes+pass+1), weight)[0].Value().(float32)) / float64(passes)
				}
				if diff := cmp.Diff(norm, got, near); diff != "" {
					t.Errorf("step %d: norm before clipping (-want +got):\n%s", step, diff)
				}
				if diff := cmp.Diff(x, flat(t, store, "/net/matrix", "/net/vector"), near); diff != "" {
					t.Errorf("step %d: weights (-want +got):\n%s", step, diff)
				}
				for kind, want := range map[string][]float64{"m": m, "v": v} {
					path := "/optimizer/test/" + kind + "/net/"
					if diff := cmp.Diff(want, flat(t, store, path+"matrix", path+"vector"), near); diff != "" {
						t.Errorf("step %d: moment %s (-want +got):\n%s", step, kind, diff)
					}
				}
			}
			for v := range store.IterVariables() {
				if want := strings.HasPrefix(v.Path(), "/net/"); v.Trainable != want {
					t.Errorf("%s: trainable = %v, want %v", v.Path(), v.Trainable, want)
				}
			}
		})
	}
}

// Student and discriminator are updated in one graph: each optimiser must move its own weights and no others.
func TestVariablesAreThoseBelowTheScope(t *testing.T) {
	store := model.NewStore()
	for _, path := range []string{"/student/b", "/student/a", "/student/deep/c", "/student/unused", "/student/frozen", "/student_ema/a", "/teacher/a"} {
		v, err := store.CreateVariable(path, tensors.FromFlatDataAndDimensions([]float32{1, 2}, 2))
		if err != nil {
			t.Fatal(err)
		}
		v.SetTrainable(path != "/student/frozen")
	}
	o := AdamW{Name: "student", Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}
	var got []string
	exec := graphtest.Compile(t, store, func(scope *model.Scope, in []*Node) []*Node {
		g := in[0].Graph()
		var loss *Node
		for v := range store.IterVariables() {
			if v.Path() == "/student/unused" || strings.HasPrefix(v.Path(), "/optimizer/") {
				continue
			}
			part := ReduceAllSum(v.NodeValue(g))
			if loss == nil {
				loss = part
			} else {
				loss = Add(loss, part)
			}
		}
		variables := Variables(scope.At("student"), g)
		for _, v := range variables {
			got = append(got, v.Path())
		}
		return []*Node{o.Update(variables, loss, in[0])}
	})
	graphtest.Call(t, exec, o.Coefficients(0.5, 1))
	want := []string{"/student/a", "/student/b", "/student/deep/c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	for _, path := range append(want, "/student/unused", "/student/frozen", "/student_ema/a", "/teacher/a") {
		after := []float64{1, 2}
		for i := range after {
			if strings.HasPrefix(path, "/student/") && path != "/student/unused" && path != "/student/frozen" {
				after[i] -= 0.5 // Adam's first step is the rate times the sign
			}
		}
		if diff := cmp.Diff(after, flat(t, store, path), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestNoVariablesIsAnError(t *testing.T) {
	exec := graphtest.Compile(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{AdamW{Name: "student"}.Update(nil, ReduceAllSum(in[0]), in[0])}
	})
	if _, err := exec.Call([]float32{1, 1, 1}); err == nil || !strings.Contains(err.Error(), "student") {
		t.Errorf("error %v, want one that names the optimiser", err)
	}
}

// The average starts at the weights and then is decay·average + (1 − decay)·weights, with the weights after the update.
func TestEMA(t *testing.T) {
	y := toy{matrix: []float32{.5, -1, 2, 0, .25, -.75}, vector: []float32{1, -2, 3}}
	store := y.store(t)
	o := AdamW{Name: "test", Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}
	exec := graphtest.Compile(t, store, func(scope *model.Scope, in []*Node) []*Node {
		loss := y.loss(scope, in[0].Graph())
		variables := Variables(scope.At("net"), loss.Graph())
		norm := o.Update(variables, loss, in[0])
		EMA(variables, "/net", "/average/of/net", in[1])
		return []*Node{norm}
	})
	average := flat(t, store, "/net/matrix", "/net/vector")
	for step, decay := range []float32{0, 0.5, 0.9, 1} {
		graphtest.Call(t, exec, o.Coefficients(0.1, step+1), decay)
		for i, x := range flat(t, store, "/net/matrix", "/net/vector") {
			average[i] = float64(decay)*average[i] + float64(1-decay)*x
		}
		got := flat(t, store, "/average/of/net/matrix", "/average/of/net/vector")
		if diff := cmp.Diff(average, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
			t.Errorf("step %d, decay %g (-want +got):\n%s", step+1, decay, diff)
		}
	}
	if store.GetVariable("/average/of/net/matrix").Trainable {
		t.Error("the average is trainable")
	}
}

// An average with decay .999 is young up to step 8,990, beyond the end of 7,000 steps.
func TestWarmDecay(t *testing.T) {
	for _, test := range []struct {
		step int
		want float64
	}{{1, 2.0 / 11}, {10, 11.0 / 20}, {7000, 7001.0 / 7010}, {8989, 8990.0 / 8999}, {8990, 0.999}, {100000, 0.999}} {
		if got := WarmDecay(0.999, test.step); got != test.want {
			t.Errorf("decay at step %d = %g, want %g", test.step, got, test.want)
		}
	}
}
