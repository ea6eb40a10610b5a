package rng

import (
	"math"
	"slices"
	"testing"
)

func draw(seed int64, purpose string, step int) []uint64 {
	r := New(seed, purpose, step)
	x := make([]uint64, 8)
	for i := range x {
		x[i] = r.Uint64()
	}
	return x
}

func TestStreamsRepeatAndDiffer(t *testing.T) {
	type key struct {
		seed    int64
		purpose string
		step    int
	}
	base := key{1, "noise", 7}
	want := draw(base.seed, base.purpose, base.step)
	if !slices.Equal(want, draw(base.seed, base.purpose, base.step)) {
		t.Error("a stream does not repeat")
	}
	seen := map[uint64]key{}
	for _, k := range []key{
		base, {2, "noise", 7}, {-1, "noise", 7}, {0, "noise", 7}, {math.MaxInt64, "noise", 7}, {math.MinInt64, "noise", 7},
		{1, "noise", 8}, {1, "noise", 0}, {1, "noise", math.MaxInt}, {7, "noise", 1},
		{1, "Noise", 7}, {1, "", 7}, {1, "noise/", 7}, {1, "esion", 7}, {0, "", 0},
	} {
		for _, x := range draw(k.seed, k.purpose, k.step) {
			if other, ok := seen[x]; ok {
				t.Errorf("streams %v and %v share a number", other, k)
			}
			seen[x] = k
		}
	}
}

// Pictures, initial weights and batches of the shipped weights hang on these numbers, which the first version drew.
func TestStreamsStayWhatTheyWere(t *testing.T) {
	r := New(1, "purpose", 2)
	if got, want := [...]uint64{r.Uint64(), r.Uint64()}, [...]uint64{0xef0fbf8f0d0d1d6f, 0x43ba3ace7721ffed}; got != want {
		t.Errorf("numbers = %#x, want %#x", got, want)
	}
	if got, want := r.NormFloat64(), 1.117857657236285; math.Abs(got-want) > 1e-12 {
		t.Errorf("normal = %.15f, want %.15f", got, want)
	}
}

func TestNormal(t *testing.T) {
	const n = 20_000
	x := Normal(New(1, "test", 0), n)
	var mean, square, fourth float64
	for _, v := range x {
		mean += float64(v) / n
		square += float64(v) * float64(v) / n
		fourth += math.Pow(float64(v), 4) / n
	}
	// Within 4 σ of the moments of a standard normal distribution: 0 ± √1, 1 ± √2, 3 ± √96, each over √n.
	for _, m := range []struct {
		name             string
		got, want, sigma float64
	}{{"mean", mean, 0, 1}, {"square", square, 1, math.Sqrt2}, {"fourth power", fourth, 3, math.Sqrt(96)}} {
		if math.Abs(m.got-m.want) > 4*m.sigma/math.Sqrt(n) {
			t.Errorf("mean of the %s = %g, want %g", m.name, m.got, m.want)
		}
	}

	short := Normal(New(1, "test", 0), 5)
	if !slices.Equal(short, x[:5]) {
		t.Error("the first numbers depend on how many are drawn")
	}
	if got := Normal(New(1, "test", 0), 0); len(got) != 0 {
		t.Errorf("0 numbers = %v", got)
	}
}

// Neighbouring steps and seeds must not be correlated: training draws one stream per step.
func TestNeighbouringStreamsAreUncorrelated(t *testing.T) {
	const n = 4000
	product := func(name string, pair func(i int) (a, b float64)) {
		var sum float64
		for i := range n {
			a, b := pair(i)
			sum += a * b
		}
		if r := sum / n; math.Abs(r) > 4/math.Sqrt(n) { // 4 σ
			t.Errorf("%s: correlation %g", name, r)
		}
	}
	product("steps", func(i int) (a, b float64) { return New(1, "a", i).NormFloat64(), New(1, "a", i+1).NormFloat64() })
	product("seeds", func(i int) (a, b float64) {
		return New(int64(i), "a", 0).NormFloat64(), New(int64(i+1), "a", 0).NormFloat64()
	})
	product("purposes", func(i int) (a, b float64) { return New(1, "a", i).NormFloat64(), New(1, "b", i).NormFloat64() })
	product("seed for step", func(i int) (a, b float64) { return New(int64(i), "a", 1).NormFloat64(), New(1, "a", i).NormFloat64() })
}
