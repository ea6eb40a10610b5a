package eval

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func TestOneSampleHasNoInterval(t *testing.T) {
	got := must(TInterval([]float64{20.6}, .95))
	if got.Mean != 20.6 || got.N != 1 || !math.IsInf(got.Low, -1) || !math.IsInf(got.High, 1) {
		t.Errorf("interval of one seed = %+v, want unbounded", got)
	}
	data := must(json.Marshal(got))
	if want := `{"mean":20.6,"low":null,"high":null,"n":1}`; string(data) != want {
		t.Errorf("JSON = %s, want %s", data, want)
	}
}

func TestEstimateSurvivesJSON(t *testing.T) {
	for _, want := range []Estimate{must(TInterval([]float64{1}, .95)), must(TInterval([]float64{1, 2}, .95))} {
		var got Estimate
		if err := json.Unmarshal(must(json.Marshal(want)), &got); err != nil || got != want {
			t.Errorf("read back %+v, %v, want %+v", got, err, want)
		}
	}
}

// An interval is right when it holds the truth as often as it says; three seeds of a normal are the usual case.
func TestIntervalsCover(t *testing.T) {
	const trials = 4000
	r := rand.New(rand.NewPCG(19, 19))
	var inT, inPaired, inWelch, inRate, falseAlarms float64
	for range trials {
		draw := func(n int, mean, std float64) []float64 {
			x := make([]float64, n)
			for i := range x {
				x[i] = mean + std*r.NormFloat64()
			}
			return x
		}
		holds := func(e Estimate, truth float64) float64 {
			if e.Low <= truth && truth <= e.High {
				return 1
			}
			return 0
		}
		a, b := draw(3, 20, 1), draw(4, 22, 2)
		inT += holds(must(TInterval(a, .95)), 20) / trials
		inWelch += holds(must(Welch(a, b, .95)).Difference, 2) / trials
		if must(Welch(draw(3, 5, 1), draw(3, 5, 1), .95)).P < .05 {
			falseAlarms += 1. / trials
		}

		prompts := draw(10, 0, 5)
		before, after := draw(10, 0, .1), draw(10, 1, .1)
		for i, p := range prompts {
			before[i], after[i] = before[i]+p, after[i]+p
		}
		inPaired += holds(must(Paired(before, after, .95)).Difference, 1) / trials

		hits := 0
		for range 50 {
			if r.Float64() < .9 {
				hits++
			}
		}
		inRate += holds(must(RateInterval(hits, 50, .95)), .9) / trials
	}
	near(t, "coverage of TInterval", inT, .95, .012)
	near(t, "coverage of the paired interval", inPaired, .95, .012)
	near(t, "coverage of RateInterval", inRate, .95, .025) // discrete
	near(t, "coverage of Welch's interval", inWelch, .95, .02)
	near(t, "false alarms of Welch's test", falseAlarms, .04, .015) // known to be a little shy at n = 3
}

func TestWelchLaws(t *testing.T) {
	a, b := []float64{1, 2, 4}, []float64{2, 5, 5, 6}
	ab, ba := must(Welch(a, b, .95)), must(Welch(b, a, .95))
	near(t, "p of the exchanged cells", ba.P, ab.P, 1e-15)
	near(t, "difference of the exchanged cells", ba.Difference.Low, -ab.Difference.High, 1e-14)
	same := must(Welch(a, a, .95))
	near(t, "p of a cell against itself", same.P, 1, 1e-12)

	// The interval leaves out 0 exactly when p < 1 − confidence.
	edge := must(Welch(a, b, 1-ab.P))
	near(t, "the interval at confidence 1 − p ends at 0", edge.Difference.Low, 0, 1e-9)

	// Scale must not matter, down to variances whose squares underflow.
	tiny := must(Welch(scaled(1e-120, []float64{1, 2, 4}), scaled(1e-120, []float64{2, 5, 5, 6}), .95))
	near(t, "p at scale 1e-120", tiny.P, ab.P, 1e-9)
}

func TestIntervalErrors(t *testing.T) {
	_, err := TInterval(nil, .95)
	wantError(t, err, "samples = 0")
	_, err = TInterval([]float64{1, math.NaN()}, .95)
	wantError(t, err, "sample 1 = NaN")
	_, err = TInterval([]float64{1, 2}, 95)
	wantError(t, err, "confidence = 95")
	_, err = MeanInterval(0, math.NaN(), 5, .95)
	wantError(t, err, "standard error = NaN")
	_, err = Paired([]float64{1}, nil, .95)
	wantError(t, err, "lengths = 1 and 0")
	_, err = RateInterval(5, 4, .95)
	wantError(t, err, "hits = 5 of 4")
	_, err = Welch([]float64{1}, []float64{1, 2}, .95)
	wantError(t, err, "samples = 1 and 2")
	_, err = Welch([]float64{1, 2}, []float64{1, math.Inf(1)}, .95)
	wantError(t, err, "cell 2, sample 1 = +Inf")
	_, err = Welch([]float64{1, 1}, []float64{2, 2}, .95)
	if !errors.Is(err, ErrNoSpread) {
		t.Errorf("error = %v, want ErrNoSpread", err)
	}
}
