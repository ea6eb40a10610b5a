package eval

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestTotalVariationInClosedForm(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b []int
		want float64
	}{
		{"equal shares of unequal samples", []int{1, 2, 3}, []int{10, 20, 30}, 0},
		{"one class of three", []int{5, 5, 5}, []int{9, 0, 0}, 2. / 3},
		{"a class that is missing", []int{4, 4, 4}, []int{6, 6, 0}, 1. / 3},
		{"nothing in common", []int{3, 0}, []int{0, 8}, 1},
		{"half of the surplus", []int{6, 4}, []int{5, 5}, .1},
	} {
		for _, order := range [][2][]int{{c.a, c.b}, {c.b, c.a}} {
			got, err := TotalVariation(order[0], order[1])
			if err != nil || math.Abs(got-c.want) > 1e-12 {
				t.Errorf("%s: %g, %v, want %g", c.name, got, err, c.want)
			}
		}
	}
}

// Of two classes it is |p − q|, for samples of one coin √(2/π) times the standard deviation of the difference.
func TestTotalVariationOfEqualDistributionsIsNoise(t *testing.T) {
	r, n, sum := rand.New(rand.NewPCG(1, 2)), 400, 0.0
	flip := func() []int {
		heads := 0
		for range n {
			heads += r.IntN(2)
		}
		return []int{heads, n - heads}
	}
	const trials = 2000
	for range trials {
		v, err := TotalVariation(flip(), flip())
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	want := math.Sqrt(2/math.Pi) * math.Sqrt(2*.25/float64(n))
	if got := sum / trials; math.Abs(got-want) > .05*want {
		t.Errorf("mean = %g, want %g within 5 %%", got, want)
	}
}

func TestTotalVariationNamesWhatIsWrong(t *testing.T) {
	for want, c := range map[string][2][]int{
		"len(a) = 1, len(b) = 2": {{1}, {1, 2}},
		"pictures = 2 and 0":     {{1, 1}, {0, 0}},
	} {
		if _, err := TotalVariation(c[0], c[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
