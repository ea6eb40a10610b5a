package features

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/eval/npy"
)

func archive(t testing.TB, members ...npy.Member) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := npy.WriteArchive(path, members...); err != nil {
		t.Fatal(err)
	}
	return path
}

func f64(name string, shape []int, data ...float64) npy.Member {
	return npy.As(name, npy.Array[float64]{Shape: shape, Data: data})
}

// given is what a file holds for an extractor.
func given(path, extractor string) (metric.Sample, error) {
	p, err := ReadPrecomputed(path)
	if err != nil {
		return metric.Sample{}, err
	}
	return p.Of(extractor)
}

func TestGivenFeaturesAndStatistics(t *testing.T) {
	for _, c := range []struct {
		why, path string
		n, d      int
	}{
		{"dgm-eval's reps", archive(t, f64("reps", []int{3, 2}, 1, 2, 3, 4, 5, 6)), 3, 2},
		{"features beside their statistics", archive(t, f64("reps", []int{2, 1}, 1, 3), f64("mu", []int{1}, 2), f64("sigma", []int{1, 1}, 2)), 2, 1},
		{"features with logits", archive(t, f64("features", []int{2, 2}, 1, 2, 3, 4), f64("logits", []int{2, 1}, 1, 2)), 2, 2},
	} {
		if p, err := ReadPrecomputed(c.path); err != nil || p.Kind != "features" || p.N != c.n {
			t.Errorf("%s: kind %q of %d pictures, %v, want features of %d", c.why, p.Kind, p.N, err, c.n)
		}
		s, err := given(c.path, "dinov2-s")
		if err != nil || s.Features.N != c.n || s.Features.D != c.d || s.Features.Row(1)[0] != 3 {
			t.Errorf("%s: %v, %v", c.why, s.Features, err)
		}
	}

	both := archive(t, f64("reps", []int{2, 1}, 1, 3), f64("mu", []int{1}, 2.5), f64("sigma", []int{1, 1}, 2))
	if s, err := given(both, "inception"); err != nil || s.Stats == nil || s.Stats.Mean[0] != 2.5 || s.Stats.N != 2 {
		t.Errorf("statistics beside features = %+v, %v, want them too", s.Stats, err)
	}

	path := filepath.Join(t.TempDir(), "s.npz")
	want := eval.Stats{N: 7, Mean: []float64{1, 2}, Cov: mat.NewSymDense(2, []float64{2, 0.5, 0.5, 1})}
	if err := WriteStatistics(path, want); err != nil {
		t.Fatal(err)
	}
	s, err := given(path, "inception")
	if err != nil || s.Stats == nil || s.Stats.N != 7 || s.Stats.Mean[1] != 2 || s.Stats.Cov.At(1, 0) != 0.5 {
		t.Errorf("statistics = %+v, %v", s.Stats, err)
	}
	s, err = given(archive(t, f64("mu", []int{2}, 1, 2), f64("sigma", []int{2, 2}, 2, 0.5, 0.5, 1)), "inception")
	if err != nil || s.Stats.N != 0 {
		t.Fatalf("statistics without n: %+v, %v, want n = 0, not known", s.Stats, err)
	}
	if err := WriteStatistics(path, *s.Stats); err != nil {
		t.Fatal(err)
	}
	if s, err = given(path, "inception"); err != nil || s.Stats.N != 0 || s.Stats.Mean[1] != 2 {
		t.Errorf("statistics without n, written and read: %+v, %v, want n = 0, not known", s.Stats, err)
	}
}

func TestWrongGivenFiles(t *testing.T) {
	text := filepath.Join(t.TempDir(), "t.npy")
	if err := os.WriteFile(text, []byte("1 2 3"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ why, path, want string }{
		{"not there", filepath.Join(t.TempDir(), "none.npz"), "no such file"},
		{"no array", text, "does not begin"},
		{"other names", archive(t, f64("x", []int{1}, 1)), "holds x, want mu and sigma"},
		{"one dimension", archive(t, f64("reps", []int{2}, 1, 2)), "shape = [2]"},
		{"no rows", archive(t, f64("reps", []int{0, 2})), "at least one row"},
		{"a sigma of another size", archive(t, f64("mu", []int{2}, 1, 2), f64("sigma", []int{1, 1}, 2)), "want [d] and [d d]"},
		{"NaN in sigma", archive(t, f64("mu", []int{2}, 1, 2), f64("sigma", []int{2, 2}, 2, 0, math.NaN(), 1)), "Cov[0,1] = NaN, want a finite number"},
		{"Inf in mu", archive(t, f64("mu", []int{2}, 1, math.Inf(1)), f64("sigma", []int{2, 2}, 2, 0, 0, 1)), "Mean[1] = +Inf, want a finite number"},
		{"a negative variance", archive(t, f64("mu", []int{2}, 1, 2), f64("sigma", []int{2, 2}, 2, 0, 0, -1)), "sigma[1,1] = -1, want |sigma[i,j]| ≤"},
		{"a correlation above 1", archive(t, f64("mu", []int{2}, 1, 2), f64("sigma", []int{2, 2}, 1, 2, 2, 1)), "sigma[0,1] = 2, want |sigma[i,j]| ≤"},
		{"numbers of pictures", archive(t, f64("mu", []int{1}, 1), f64("sigma", []int{1, 1}, 2), f64("n", []int{2}, 5, 6)), "n = [5 6], want one number"},
		{"NaN in features", archive(t, f64("reps", []int{2, 1}, 1, math.NaN())), "row 1, column 0 = NaN"},
		{"logits of other pictures", archive(t, f64("reps", []int{2, 1}, 1, 2), f64("logits", []int{3, 1}, 1, 2, 3)), "rows of features = 2 and of logits = 3, want equal"},
		{"statistics of other features", archive(t, f64("reps", []int{2, 1}, 1, 2), f64("mu", []int{2}, 1, 2), f64("sigma", []int{2, 2}, 2, 0, 0, 2)), "features have shape [2 1], mu and sigma are of 2 pictures and 2 dimensions, want equal"},
		{"a sigma that is not symmetric", archive(t, f64("mu", []int{2}, 1, 2), f64("sigma", []int{2, 2}, 2, 0.5, 0.4, 1)), "symmetric"},
	} {
		if _, err := ReadPrecomputed(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", c.why, err, c.want)
		}
	}
}

// The statistics of a pickle are given to the extractor that they are of, and to no other.
func TestPickledStatisticsAreThoseOfTheExtractor(t *testing.T) {
	pickled := "../npy/testdata/statistics.pkl"
	for _, c := range []struct {
		path, extractor string
		first           float64
		want            string // error
	}{
		{pickled, "inception", 0, ""},
		{pickled, "dinov2-l", 1, ""},
		{pickled, "dinov2-s", 0, pickled + " holds statistics of dinov2-l, inception, want those of dinov2-s"},
		{pickled + "#fid", "inception", 0, ""},
		{pickled + "#fd_dinov2", "dinov2-l", 1, ""},
		{pickled + "#fid", "dinov2-l", 0, "#fid holds statistics of inception, want those of dinov2-l"},
	} {
		s, err := given(c.path, c.extractor)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s for %s: error = %v, want %q", c.path, c.extractor, err, c.want)
			}
			continue
		}
		if err != nil || !IsPrecomputed(c.path) || s.Stats == nil || s.Stats.N != 70000 || s.Stats.Mean[0] != c.first || s.Stats.Cov.At(0, 1) != 14 {
			t.Errorf("%s for %s: %+v, %v", c.path, c.extractor, s.Stats, err)
		}
	}
	for path, want := range map[string]string{
		pickled + "#clip":                   "holds statistics of fd_dinov2, fid, want clip",
		"../npy/testdata/protocol4.pkl":     "want a symmetric covariance",
		"../npy/testdata/code.pkl":          "its code is not run",
		filepath.Join(t.TempDir(), "n.pkl"): "no such file",
	} {
		if _, err := ReadPrecomputed(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error = %v, want %q", path, err, want)
		}
	}
}

// What stands beside statistics is none; a broken entry stops only those who want it, and is named.
func TestPickledEntries(t *testing.T) {
	array := func(shape []int, data ...float64) npy.Array[float64] {
		return npy.Array[float64]{Shape: shape, Data: data}
	}
	good := npy.Dict{"mu": array([]int{1}, 2), "sigma": array([]int{1, 1}, 3)}
	broken := npy.Dict{"mu": array([]int{1}, 2), "sigma": array([]int{1, 1}, -3)}
	for _, c := range []struct {
		why   string
		whole npy.Dict
		good  []string // extractors
		fault string   // that of dinov2-l
	}{
		{"a note beside statistics", npy.Dict{"mu": good["mu"], "sigma": good["sigma"], "meta": npy.Dict{"tool": "x"}}, []string{""}, ""},
		{"a note beside an entry", npy.Dict{"fid": good, "meta": npy.Dict{"tool": "x"}}, []string{"inception"}, ""},
		{"a broken entry beside a good one", npy.Dict{"fid": good, "fd_dinov2": broken}, []string{"inception"}, "f.pkl#fd_dinov2: sigma[0,0] = -3"},
		{"an entry without sigma", npy.Dict{"fid": good, "fd_dinov2": npy.Dict{"mu": good["mu"]}}, []string{"inception"}, "f.pkl#fd_dinov2: holds mu, want mu and sigma"},
	} {
		samples, faults, err := pickledSamples("f.pkl", "", c.whole)
		if diff := cmp.Diff(c.good, slices.Sorted(maps.Keys(samples))); diff != "" || err != nil {
			t.Errorf("%s: %v, extractors (-want +got):\n%s", c.why, err, diff)
		}
		_, err = Precomputed{samples: samples, faults: faults}.Of("dinov2-l")
		if c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s: error = %v, want %q", c.why, err, c.fault)
		}
	}
	if _, _, err := pickledSamples("f.pkl", "fd_dinov2", npy.Dict{"fid": good, "fd_dinov2": broken}); err == nil || !strings.Contains(err.Error(), "f.pkl#fd_dinov2: ") {
		t.Errorf("the broken entry by its name: error = %v", err)
	}
}
