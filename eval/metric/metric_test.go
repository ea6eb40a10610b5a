package metric

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval"
)

// cloud draws n points of N(mean, 1) in d dimensions.
func cloud(seed uint64, n, d int, mean float64) eval.Features {
	r := rand.New(rand.NewPCG(seed, 0))
	f := eval.Features{N: n, D: d, Data: make([]float32, n*d)}
	for i := range f.Data {
		f.Data[i] = float32(mean + r.NormFloat64())
	}
	return f
}

// sample has all that a metric may want.
func sample(seed uint64, n int, mean float64) Sample {
	return Sample{Features: cloud(seed, n, 6, mean), Logits: cloud(seed+1, n, 9, 0), Captions: cloud(seed+2, n, 6, 1)}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error = %v, want one with %q", err, part)
	}
}

func TestEveryMetricKeepsItsPromises(t *testing.T) {
	ref, gen := sample(1, 300, 0), sample(11, 250, .5)
	for _, m := range All() {
		t.Run(m.Name, func(t *testing.T) {
			if m.Title == "" || m.Source == "" || m.Extractor == "" || m.Usual < m.Few || m.Few < m.Least || m.Bias == "" {
				t.Errorf("%+v lacks a title, a source, an extractor, Least ≤ Few ≤ Usual or the words of its warning", m)
			}
			values := must(m.Compute(t.Context(), ref, gen, Options{Seed: 3}))
			var got []Output
			for _, v := range values {
				got = append(got, Output{v.Name, v.Lower})
				if e := v.Estimate; v.Metric != m.Name || !(e.Low <= e.Mean && e.Mean <= e.High) || math.IsInf(e.Mean, 0) || e.N != 250 {
					t.Errorf("value %+v, want one of %s, inside its interval, of 250 pictures", v, m.Name)
				}
				if bounded := !math.IsInf(v.Estimate.High, 1); bounded != (v.Interval != "") {
					t.Errorf("interval [%g, %g] was found by %q", v.Estimate.Low, v.Estimate.High, v.Interval)
				}
			}
			if diff := cmp.Diff(m.Outputs, got); diff != "" {
				t.Errorf("outputs (-promised +got):\n%s", diff)
			}
			if m.Few > 250 && (len(values[0].Warnings) == 0 || !strings.Contains(values[0].Warnings[0], "only 250 generated")) {
				t.Errorf("warnings = %q, want one of the few pictures", values[0].Warnings)
			}

			again := must(m.Compute(t.Context(), ref, gen, Options{Seed: 3}))
			if !cmp.Equal(values, again) {
				t.Errorf("one seed gives two answers: %s", cmp.Diff(values, again))
			}
			quick := must(m.Compute(t.Context(), ref, gen, Options{Seed: 3, NoInterval: true}))
			for i, v := range quick {
				if d := math.Abs(v.Estimate.Mean - values[i].Estimate.Mean); d > 1e-9*(1+math.Abs(v.Estimate.Mean)) {
					t.Errorf("%s = %.15g without interval, %.15g with", v.Name, v.Estimate.Mean, values[i].Estimate.Mean)
				}
			}
		})
	}
}

// doneAfter is done from its so-manieth question on.
type doneAfter struct {
	context.Context
	left atomic.Int64
}

func (d *doneAfter) Err() error {
	if d.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func TestAnInterruptionEndsWhatTakesLong(t *testing.T) {
	ref, gen := sample(1, 300, 0), sample(11, 250, .5)
	for _, m := range All() {
		ctx := &doneAfter{Context: t.Context()}
		ctx.left.Store(1) // Compute itself asks once
		_, err := m.Compute(ctx, ref, gen, Options{Seed: 3})
		if quick := m.Name == CLIPScore.Name || m.Name == InceptionScore.Name || m.Instead == InceptionScore.Name; !quick && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error = %v, want that of the context", m.Name, err)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	whole, stats := sample(1, 60, 0), must(eval.NewStats(cloud(1, 60, 6, 0)))
	only := Sample{Stats: &stats}
	for _, m := range All() {
		t.Run(m.Name, func(t *testing.T) {
			o := Options{NoInterval: true}
			_, err := m.Compute(t.Context(), whole, Sample{}, o)
			wantError(t, err, "the generated pictures have no ")
			_, err = m.Compute(t.Context(), Sample{}, whole, o)
			if m.Needs.Reference {
				wantError(t, err, "the reference has no ")
			} else if err != nil {
				t.Errorf("without reference: %v, want none to be needed", err)
			}
			_, err = m.Compute(t.Context(), only, whole, o)
			if m.Needs.Reference && !m.Needs.RefStatistics {
				wantError(t, err, "the reference has no features")
			} else if err != nil {
				t.Errorf("with the reference's statistics alone: %v", err)
			}
			if err = m.Check(whole, only, nil); !m.Needs.GenStatistics {
				wantError(t, err, "the generated pictures have no ")
			} else if err != nil {
				t.Errorf("with the generated ones' statistics alone: %v", err)
			}
			_, err = m.Compute(t.Context(), whole, whole, Options{Params: map[string]int{"colour": 1}})
			wantError(t, err, `no parameter "colour"`)
			for _, p := range m.Params {
				_, err = m.Compute(t.Context(), whole, whole, Options{Params: map[string]int{p.Name: p.Min - 1}})
				wantError(t, err, m.Name+"."+p.Name+" = ")
			}
		})
	}
}

func TestStatisticsGiveTheSameFID(t *testing.T) {
	ref, gen := sample(1, 300, 0), sample(11, 250, .5)
	rs, gs := must(eval.NewStats(ref.Features)), must(eval.NewStats(gen.Features))
	want := must(eval.FID(ref.Features, gen.Features))
	for name, pair := range map[string][2]Sample{
		"features":                 {ref, gen},
		"reference's statistics":   {{Stats: &rs}, gen},
		"both sides' statistics":   {{Stats: &rs}, {Stats: &gs}},
		"generated ones' alone":    {ref, {Stats: &gs}},
		"statistics, n not stated": {{Stats: &eval.Stats{Mean: rs.Mean, Cov: rs.Cov}}, {Stats: &eval.Stats{Mean: gs.Mean, Cov: gs.Cov}}},
	} {
		v := must(FID.Compute(t.Context(), pair[0], pair[1], Options{}))[0]
		if math.Abs(v.Estimate.Mean-want) > 1e-10 {
			t.Errorf("%s: FID = %.15g, want %.15g", name, v.Estimate.Mean, want)
		}
		if bounded := v.Interval != ""; bounded != (pair[1].Features.N > 0) {
			t.Errorf("%s: interval by %q, want one exactly where generated features are there", name, v.Interval)
		}
	}
}

func TestParametersReachTheMetric(t *testing.T) {
	ref, gen := sample(1, 200, 0), sample(11, 200, .5)
	for k := 1; k <= 9; k += 4 {
		want := must(eval.PrecisionRecall(t.Context(), ref.Features, gen.Features, k))
		got := must(PrecisionRecall.Compute(t.Context(), ref, gen, Options{Params: map[string]int{"k": k}}))
		if got[0].Estimate.Mean != want.Precision || got[1].Estimate.Mean != want.Recall {
			t.Errorf("k = %d: %g, %g, want %+v", k, got[0].Estimate.Mean, got[1].Estimate.Mean, want)
		}
	}
}

func TestNames(t *testing.T) {
	var names []string
	for _, m := range All() {
		names = append(names, m.Name)
	}
	if !slices.IsSorted(names) || len(names) < 9 {
		t.Errorf("metrics = %q, want at least nine, sorted", names)
	}
	_, err := ByName("fad")
	wantError(t, err, `metric = "fad", want one of clip-score, cmmd`)
	if m := must(ByName("kid")); m.Name != "kid" {
		t.Errorf("ByName(kid) = %q", m.Name)
	}
}

func TestValuesAsJSON(t *testing.T) {
	ref, gen := sample(1, 40, 0), sample(11, 30, .5)
	kid := must(KID.Compute(t.Context(), ref, gen, Options{Params: map[string]int{"size": 30}}))[0]
	kid.Estimate.Mean, *kid.Spread, kid.Warnings = .5, .25, nil
	want := `{"metric":"kid","name":"kid","estimate":{"mean":0.5,"low":null,"high":null,"n":30},"lower_is_better":true,` +
		`"spread":0.25,"spread_of":"100 subsets of 30","reference_n":40}`
	if got := string(must(json.Marshal(kid))); got != want {
		t.Errorf("JSON = %s\nwant   %s", got, want)
	}
}

// So many pictures as Check wants for the parameters are enough for a number, and one less is refused by Check already.
func TestParametersSayHowManyPicturesAreWanted(t *testing.T) {
	for _, c := range []struct {
		m        Metric
		params   map[string]int
		ref, gen int
		want     string
	}{
		{PrecisionRecall, map[string]int{"k": 9}, 40, 10, "pr: generated pictures = 9, want ≥ 10 for k = 9"},
		{PrecisionRecall, map[string]int{"k": 9}, 10, 40, "pr: reference pictures = 9, want ≥ 10 for k = 9"},
		{DensityCoverage, map[string]int{"k": 9}, 10, 4, "dc: reference pictures = 9, want ≥ 10 for k = 9"},
		{InceptionScore, map[string]int{"splits": 12}, 0, 12, "is: generated pictures = 11, want ≥ 12 for splits = 12"},
		{FIDInfinity, map[string]int{"points": 20}, 40, 37, "fid-inf: generated pictures = 36, want ≥ 37 for points = 20, smallest = 5000"},
		{FIDInfinity, map[string]int{"points": 30, "smallest": 4}, 40, 33, "fid-inf: generated pictures = 32, want ≥ 33 for points = 30, smallest = 4"},
	} {
		o := Options{Params: c.params, NoInterval: true}
		if _, err := c.m.Compute(t.Context(), sample(1, c.ref, 0), sample(11, c.gen, .5), o); err != nil {
			t.Errorf("%s of %v: %v, want a number", c.m.Name, c.params, err)
		}
		less := [2]int{c.ref, c.gen - 1}
		if strings.Contains(c.want, "reference") {
			less = [2]int{c.ref - 1, c.gen}
		}
		wantError(t, c.m.Check(sample(1, less[0], 0), sample(11, less[1], .5), c.params), c.want)
	}
}

// A rate's trials are what its interval lets vary: pictures among the other side's balls, of coverage the balls of the reference.
func TestIntervalsSayWhatTheyHoldFixed(t *testing.T) {
	ref, gen := sample(1, 300, 0), sample(11, 250, .5)
	var got []string
	for _, m := range []Metric{PrecisionRecall, DensityCoverage} {
		for _, v := range must(m.Compute(t.Context(), ref, gen, Options{})) {
			got = append(got, v.Name+": "+v.Interval)
			if v.Name != "coverage" {
				continue
			}
			e := must(eval.RateInterval(int(math.Round(v.Estimate.Mean*300)), 300, .95))
			if e.Low != v.Estimate.Low || e.High != v.Estimate.High || v.RefN != 300 {
				t.Errorf("coverage of %d reference pictures = %+v, want the interval of 300 balls, %+v", v.RefN, v.Estimate, e)
			}
		}
	}
	want := []string{
		"precision: Wilson's over pictures, balls fixed", "recall: Wilson's over pictures, balls fixed",
		"density: Student's over generated pictures, balls fixed", "coverage: Wilson's over reference balls, generated pictures fixed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A metric has another name on the features of the network that the name speaks of, and on no others. The number is the same.
func TestNamesOfANetwork(t *testing.T) {
	if m := FID.With("efficientnet-lite0"); m.Name != "fd-efficientnet-lite0" || m.Extractor != "efficientnet-lite0" {
		t.Errorf("FID of efficientnet-lite0 = %s of %s", m.Name, m.Extractor)
	}
	if a, b := FID.With("dinov2-s"), FDEfficientNetLite0.With("efficientnet-lite0"); a.Name != "fid" || b.Name != "fd-efficientnet-lite0" {
		t.Errorf("names = %s, %s, want fid of other features and no name twice", a.Name, b.Name)
	}
	for extractor, want := range map[string]string{
		"dinov2-s": "", "dinov2-l": "", "inception": "fd-dinov2 is on the features of dinov2-*, want fid on those of inception",
	} {
		if err := FDDINOv2.Fits(extractor); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("FD-DINOv2 of %s: %v, want %q", extractor, err, want)
		}
	}
	ref, gen := sample(1, 60, 0), sample(11, 60, .5)
	fid := must(FID.Compute(t.Context(), ref, gen, Options{}))[0]
	fd := must(FDEfficientNetLite0.Compute(t.Context(), ref, gen, Options{}))[0]
	if fd.Name != "fd-efficientnet-lite0" || fd.Estimate != fid.Estimate || !strings.HasPrefix(fd.Warnings[0], "fd-efficientnet-lite0: ") {
		t.Errorf("%+v, want the number of %+v", fd, fid)
	}
}
