package discriminator

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
)

func TestInitNamesShapesAndRanges(t *testing.T) {
	cfg := DefaultConfig()
	store := testHeads(t, cfg, []int{4, 6}, 5)
	got := map[string][]int{}
	for v := range store.IterVariables() {
		name, ok := strings.CutPrefix(v.Path(), "/discriminator/heads/1/")
		if !ok {
			continue
		}
		got[name] = v.Shape().Dimensions
		if v.Trainable == strings.HasSuffix(name, "/u") {
			t.Errorf("%s: trainable = %v", name, v.Trainable)
		}
	}
	want := map[string][]int{
		"point/weight": {6, 6, 1}, "point/u": {6}, "point_norm/weight": {6}, "point_norm/bias": {6},
		"ring/weight": {6, 6, 9}, "ring/u": {6}, "ring_norm/weight": {6}, "ring_norm/bias": {6},
		"out/weight": {64, 6, 1}, "out/u": {64}, "out/bias": {64},
		"cond/weight": {64, 5}, "cond/bias": {64},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables of a head (-want +got):\n%s", diff)
	}

	bound, largest := 1/math.Sqrt(6*9), 0.0
	for _, w := range graphtest.Floats(store.GetVariable("/discriminator/heads/1/ring/weight").MustValue()) {
		largest = max(largest, math.Abs(float64(w)))
	}
	if largest > bound || largest < 0.95*bound {
		t.Errorf("largest weight %g, want close below 1/√fan-in = %g", largest, bound)
	}
}

func TestInitStartsNearUnitSpectralNorm(t *testing.T) {
	store := widenedStore(t, testHeads(t, DefaultConfig(), []int{16}, 5))
	w := doubles(store.GetVariable("/discriminator/heads/0/ring/weight").MustValue())
	u := doubles(store.GetVariable("/discriminator/heads/0/ring/u").MustValue())
	var squares float64 // σ = ‖Wᵀu‖
	n := len(w) / len(u)
	for j := range n {
		var s float64
		for i := range u {
			s += w[i*n+j] * u[i]
		}
		squares += s * s
	}
	if ratio := math.Sqrt(squares) / largestSingular(t, w, len(u)); ratio < 0.9 || ratio > 1+1e-6 {
		t.Errorf("σ/σ₁ = %g, want nearly 1", ratio)
	}
}

func TestInitRepeats(t *testing.T) {
	weights := func(widths []int, seed int64) []float32 {
		store := model.NewStore()
		if err := Init(store, "/discriminator", widths, 3, DefaultConfig(), seed); err != nil {
			t.Fatal(err)
		}
		return graphtest.Floats(store.GetVariable("/discriminator/heads/0/ring/weight").MustValue())
	}
	one := weights([]int{4}, 1)
	if !cmp.Equal(one, weights([]int{4, 4}, 1)) {
		t.Error("another head changes the first")
	}
	if cmp.Equal(one, weights([]int{4}, 2)) {
		t.Error("another seed gives the same weights")
	}
}

func TestInitErrors(t *testing.T) {
	cfg := DefaultConfig()
	bad := cfg
	bad.Kernel = 8
	for _, test := range []struct {
		name    string
		cfg     Config
		widths  []int
		condDim int
		want    string
	}{
		{"bad config", bad, []int{4}, 3, "discriminator: kernel = 8, want an odd number ≥ 1"},
		{"no taps", cfg, nil, 3, "discriminator: widths = [], condition = 3, want one tap or more, all ≥ 1"},
		{"empty tap", cfg, []int{4, 0}, 3, "discriminator: widths = [4 0], condition = 3, want one tap or more, all ≥ 1"},
		{"no condition", cfg, []int{4}, 0, "discriminator: widths = [4], condition = 0, want one tap or more, all ≥ 1"},
	} {
		err := Init(model.NewStore(), "/discriminator", test.widths, test.condDim, test.cfg, 1)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: error %v, want %s", test.name, err, test.want)
		}
	}
	store := testHeads(t, cfg, []int{4}, 3)
	if err := Init(store, "/discriminator", []int{4}, 3, cfg, 1); err == nil {
		t.Error("heads created twice without an error")
	}
}
