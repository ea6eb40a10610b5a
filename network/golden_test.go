package network

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	gocmp "github.com/google/go-cmp/cmp"
)

// golden is a model of diffusers or transformers: its config, its output y, and the gradients of Σy²/2. The scripts of testdata name the
// versions.
type golden struct {
	reference
	Config   json.RawMessage
	Gradient map[string][]float32 // of inputs and weights by name
}

func readGolden(t *testing.T, file, name string) (g golden) {
	t.Helper()
	readPart(t, file, name, &g)
	return g
}

// readPart decodes an entry of a file of testdata.
func readPart(t *testing.T, file, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(all[name], into); err != nil {
		t.Fatal(name, err)
	}
}

// config writes the model's config.json and gives its path.
func (g golden) config(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, g.Config, 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// checkGradients runs the graph with the reference's weights and wants y, its gradients, and exactly the reference's weights. names are
// those of the inputs.
func (g golden) checkGradients(t *testing.T, fn func(scope *model.Scope, in []*Node) *Node, names []string, in ...any) {
	t.Helper()
	weights := slices.Sorted(maps.Keys(g.Gradient))
	weights = slices.DeleteFunc(weights, func(name string) bool { return slices.Contains(names, name) })
	got := run(t, g.store(t), func(scope *model.Scope, in []*Node) []*Node {
		scope.Store().SetTraining(in[0].Graph(), true)
		y := fn(scope, in)
		var of []*Node
		for i, name := range names {
			if g.Gradient[name] != nil {
				of = append(of, in[i])
			}
		}
		for _, name := range weights {
			of = append(of, scope.Store().GetVariable("/net/"+strings.ReplaceAll(name, ".", "/")).NodeValue(y.Graph()))
		}
		return append([]*Node{y}, Gradient(MulScalar(ReduceAllSum(Mul(y, y)), 0.5), of...)...)
	}, in...)
	relative(t, "y", g.Output["y"], got[0], 1e-4)
	at := 1
	for _, name := range append(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return g.Gradient[n] == nil }), weights...) {
		relative(t, "gradient of "+name, g.Gradient[name], got[at], 1e-4)
		at++
	}

	own := model.NewStore()
	run(t, own, func(scope *model.Scope, in []*Node) []*Node { return []*Node{fn(scope, in)} }, in...)
	if diff := gocmp.Diff(g.Shapes, stateDict(own)); diff != "" {
		t.Errorf("weights (-reference +ours):\n%s", diff)
	}
}

// relative wants no difference above a part of the largest value.
func relative(t *testing.T, what string, want, got []float32, tolerance float64) {
	t.Helper()
	if len(want) == 0 || len(want) != len(got) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	var worst, largest float64
	for i := range want {
		worst = max(worst, math.Abs(float64(want[i]-got[i])))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	if !(worst <= tolerance*largest) || largest == 0 {
		t.Errorf("%s: differs by %.3g, want ≤ %g of %.3g", what, worst, tolerance, largest)
	}
}
