package network

import (
	"maps"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/rng"
)

// weightsOf builds a graph in a store with this seed (0: not set) and gives the weights by name.
func weightsOf(t *testing.T, seed int64, fn build, in ...any) map[string][]float32 {
	t.Helper()
	store := model.NewStore()
	if seed != 0 {
		Seed(store, seed)
	}
	run(t, store, fn, in...)
	all := map[string][]float32{}
	for name := range stateDict(store) {
		all[name] = weight(t, store, name)
	}
	return all
}

func TestInitialWeightsDependOnSeedAndPathOnly(t *testing.T) {
	first := func(scope *model.Scope, x *Node) *Node { return Linear(scope.At("first"), x, 8, true) }
	second := func(scope *model.Scope, x *Node) *Node {
		return Conv(scope.At("second"), Reshape(x, 2, 2, 2, 2), 8, 3)
	}
	forward := func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{first(scope, in[0]), second(scope, in[0])}
	}
	backward := func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{second(scope, in[0]), first(scope, in[0])}
	}
	alone := func(scope *model.Scope, in []*Node) []*Node { return []*Node{second(scope, in[0])} }
	x := input(1, 2, 8)

	want := weightsOf(t, 7, forward, x)
	if diff := cmp.Diff(want, weightsOf(t, 7, backward, x)); diff != "" {
		t.Errorf("another order of building (-want +got):\n%s", diff)
	}
	if got := weightsOf(t, 7, alone, x)["second.weight"]; !slices.Equal(got, want["second.weight"]) {
		t.Error("a layer has other weights when it is built alone")
	}
	if got := weightsOf(t, 8, forward, x)["second.weight"]; slices.Equal(got, want["second.weight"]) {
		t.Error("another seed gives the same weights")
	}
	if diff := cmp.Diff(weightsOf(t, 1, forward, x), weightsOf(t, 0, forward, x)); diff != "" {
		t.Errorf("no seed is not seed 1 (-want +got):\n%s", diff)
	}
	twins := weightsOf(t, 7, func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{Linear(scope.At("a"), in[0], 8, true), Linear(scope.At("b"), in[0], 8, true)}
	}, x)
	if slices.Equal(twins["a.weight"], twins["b.weight"]) {
		t.Error("two layers of the same shape have the same weights")
	}
}

// A network in the same place of another store, beside other networks, starts from the same weights.
func TestInitialWeightsOfAWholeNetworkDoNotDependOnTheOthers(t *testing.T) {
	cfg := smallUNet()
	unet := func(scope *model.Scope, in []*Node) *Node {
		return cfg.Apply(scope.At("unet"), in[0], in[1], in[2], nil)
	}
	in := []any{input(1, 2, 8, 8, 3), []float32{1, 2}, input(2, 2, 3, 12)}
	want := weightsOf(t, 3, func(scope *model.Scope, in []*Node) []*Node { return []*Node{unet(scope, in)} }, in...)
	both := weightsOf(t, 3, func(scope *model.Scope, in []*Node) []*Node {
		vit := ViT(scope.At("vit"), smallViT("patch"), in[0], nil)
		return []*Node{vit.Tokens, unet(scope, in)}
	}, in...)
	for name, w := range want {
		if !slices.Equal(w, both[name]) {
			t.Errorf("%s differs when a ViT is built before", name)
		}
	}
}

func TestWeightsThatAreThereAreUsed(t *testing.T) {
	store := model.NewStore()
	layer := func(scope *model.Scope, in []*Node) []*Node { return []*Node{Linear(scope.At("fc"), in[0], 2, true)} }
	if _, err := store.CreateVariable("/net/fc/weight", input(1, 2, 3)); err != nil {
		t.Fatal(err)
	}
	run(t, store, layer, input(2, 1, 3))
	equal(t, "weight", narrow(values(6, 1)), weight(t, store, "fc.weight"), 0)

	// Two uses of one place share its weights.
	got := run(t, store, func(scope *model.Scope, in []*Node) []*Node {
		return append(layer(scope, in), layer(scope, in)...)
	}, input(2, 1, 3))
	equal(t, "second use", got[0], got[1], 0)
	if n := store.NumVariables(); n != 2 {
		t.Errorf("variables = %d, want 2", n)
	}

	if _, err := tryRun(t, store, layer, input(2, 1, 4)); err == nil {
		t.Error("no error where the weight in the store has another shape")
	}
}

func TestFanInKeepsTheVariance(t *testing.T) {
	const gain = 0.5
	dims := []int{64, 32, 3, 3}
	x := fanIn(gain)(dims, rng.New(1, "test", 0).NormFloat64)
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(x))
	want := gain * gain / (32 * 3 * 3)
	if mean := sum / n; math.Abs(mean) > 4*math.Sqrt(want/n) { // 4 σ of the mean
		t.Errorf("mean = %g, want 0", mean)
	}
	if got := squares / n; math.Abs(got/want-1) > 4*math.Sqrt(2/n) { // 4 σ of the variance
		t.Errorf("variance = %g, want gain²/fan-in = %g", got, want)
	}
}

// The shipped weights were trained from these values, and a training that is repeated must start from them again.
// The numbers are those of the first version.
func TestInitialWeightsStayWhatTheyWere(t *testing.T) {
	picture, text := input(1, 1, 8, 8, 3), ids([]int32{1, 5, 2})
	pooled := smallUNet()
	pooled.PooledDim = 12
	for _, net := range []struct {
		name string
		want float64 // mean of the absolute values of all weights
		fn   build
		in   []any
	}{
		{"U-Net", 0.1066947419, unetOf(pooled), []any{picture, []float32{1}, input(2, 1, 3, 12), input(3, 1, 12)}},
		{"text", 0.1592853221, textOf(smallText()), []any{text}},
		{"ViT with patches", 0.1621422410, vitOf(smallViT("patch")), []any{picture, [][]float32{{0, 0, 0, 1}}}},
		{"ViT with convolutions", 0.0498560779, vitOf(smallViT("conv")), []any{picture}},
		{"ConvNet", 0.0622535888, func(scope *model.Scope, in []*Node) []*Node {
			return []*Node{ConvNet(scope, ConvNetConfig{Widths: []int{8, 16}, Blocks: 1, Out: 5}, in[0]).Features}
		}, []any{picture}},
	} {
		var sum, n float64
		weights := weightsOf(t, 1, net.fn, net.in...)
		for _, name := range slices.Sorted(maps.Keys(weights)) {
			for _, v := range weights[name] {
				sum, n = sum+math.Abs(float64(v)), n+1
			}
		}
		if got := sum / n; math.Abs(got-net.want) > 1e-9 {
			t.Errorf("%s: mean of absolute initial values = %.10f, want %.10f", net.name, got, net.want)
		}
	}
}
