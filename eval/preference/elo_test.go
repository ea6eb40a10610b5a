package preference

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestEloByHand(t *testing.T) {
	won := Vote{A: 0, B: 1, Score: 1}
	near(t, "no vote", []float64{1000, 1000}, elo(2, nil), 0)
	near(t, "one win between equals", []float64{1000.5, 999.5}, elo(2, []Vote{won}), 1e-12)
	near(t, "one loss between equals", []float64{999.5, 1000.5}, elo(2, []Vote{{A: 0, B: 1, Score: 0}}), 1e-12)
	near(t, "neither, between equals", []float64{1000, 1000}, elo(2, []Vote{{A: 0, B: 1, Score: .5}}), 0)
	near(t, "a vote on others", []float64{1000.5, 999.5, 1000}, elo(3, []Vote{won}), 1e-12)

	// The second win of A: E = 1/(1 + 10^(−1/400)) = 0.50143907…
	second := 1000.5 + 1 - 1/(1+math.Pow(10, -1./400))
	near(t, "two wins", []float64{second, 2000 - second}, elo(2, []Vote{won, won}), 1e-12)
	if math.Abs(second-1000.998561) > 1e-6 {
		t.Errorf("second = %.6f, want 1000.998561", second)
	}
}

// Ratings only change hands, the order of the methods does not matter, and neither does which one is called A.
func TestEloLaws(t *testing.T) {
	votes := random(4, 500)
	sum := 0.
	want := elo(4, votes)
	for _, x := range want {
		sum += x
	}
	if math.Abs(sum-4000) > 1e-9 {
		t.Errorf("sum of ratings = %v, want 4000", sum)
	}
	renamed, turned := slices.Clone(votes), slices.Clone(votes)
	for i, v := range votes {
		renamed[i].A, renamed[i].B = 3-v.A, 3-v.B
		turned[i] = Vote{A: v.B, B: v.A, Score: 1 - v.Score}
	}
	got := elo(4, renamed)
	slices.Reverse(got)
	near(t, "renamed", want, got, 1e-9)
	near(t, "sides changed", want, elo(4, turned), 1e-9)
}

// One side wins always: dR/dn = K·(1 − E) has the solution 10^(d/400)·400/ln 10 + d = 2·K·n + 400/ln 10 with d = R_A − R_B, which single
// steps of K = 1 follow closely.
func TestEloOfAConstantWinnerFollowsItsDifferentialEquation(t *testing.T) {
	const n = 1000
	r := elo(2, slices.Repeat([]Vote{{A: 0, B: 1, Score: 1}}, n))
	d, unit := r[0]-r[1], eloWidth/math.Ln10
	if got := math.Pow(10, d/eloWidth)*unit + d - unit; math.Abs(got-2*n) > .005*2*n {
		t.Errorf("d = %.2f gives %.1f, want %d", d, got, 2*n)
	}
}

// With votes of a coin that falls for A with p, ratings end where E = p, whatever the order.
func TestEloSettlesWhereExpectationIsTheShare(t *testing.T) {
	var votes []Vote
	for i := range 8000 {
		votes = append(votes, Vote{A: 0, B: 1, Score: map[bool]float64{true: 1}[i%4 > 0]})
	}
	mean, deviation, err := EloOverOrders(2, votes, 50, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if d := mean[0] - mean[1]; math.Abs(d-400*math.Log10(3)) > 5 {
		t.Errorf("difference = %.1f, want %.1f, where 3 of 4 votes are expected", d, 400*math.Log10(3))
	}
	if !(deviation[0] > 1 && deviation[0] < 20) || math.Abs(deviation[0]-deviation[1]) > 1e-6 {
		t.Errorf("deviation over orders = %v, want a few points, the same for both", deviation)
	}
}

// All orders of votes that agree are the same.
func TestOrdersOfEqualVotesAreOne(t *testing.T) {
	votes := slices.Repeat([]Vote{{A: 0, B: 1, Score: 1}}, 30)
	mean, deviation, err := EloOverOrders(2, votes, 20, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", elo(2, votes), mean, 1e-9)
	near(t, "deviation", []float64{0, 0}, deviation, 1e-9)
}

func TestWrongVotes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for why, c := range map[string]struct {
		methods int
		vote    Vote
		want    string
	}{
		"one method":                 {1, Vote{}, "methods = 1"},
		"a method against itself":    {2, Vote{A: 1, B: 1}, "vote 0 is of methods 1 and 1"},
		"a method that is not there": {2, Vote{A: 0, B: 2}, "methods 0 and 2, want two of 2"},
		"a score between":            {2, Vote{A: 0, B: 1, Score: .7}, "score = 0.7"},
		"a score that is no number":  {2, Vote{A: 0, B: 1, Score: math.NaN()}, "score = NaN"},
		"no cluster":                 {2, Vote{A: 0, B: 1, Cluster: -1}, "cluster = -1"},
	} {
		_, _, orders := EloOverOrders(c.methods, []Vote{c.vote}, 5, r)
		_, fit := NewFit(c.methods, [][]Vote{{c.vote}}, .95, 10, r)
		_, shares := Shares(c.methods, []Vote{c.vote}, .95, 10, r)
		for _, err := range []error{orders, fit, shares} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error = %v, want %q", why, err, c.want)
			}
		}
	}
	good := []Vote{{A: 0, B: 1, Score: 1}, {A: 0, B: 1, Score: 0}}
	_, confidence := NewFit(2, [][]Vote{good}, 95, 10, r)
	_, resamples := Shares(2, good, .95, 0, r)
	_, gap := NewFit(2, [][]Vote{{{A: 0, B: 1, Score: 1, Cluster: 2}}}, .95, 10, r)
	_, none := NewFit(2, nil, .95, 10, r)
	_, _, orders := EloOverOrders(2, good, 0, r)
	for want, err := range map[string]error{"confidence = 95": confidence, "resamples = 0": resamples, "without a gap": gap, "questions = 0": none, "orders = 0": orders} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}

// random votes: lower numbers win more often, and one answer in ten is neither.
func random(methods, n int) (votes []Vote) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range n {
		v := Vote{A: r.IntN(methods), B: r.IntN(methods), Cluster: i}
		for v.A == v.B {
			v.B = r.IntN(methods)
		}
		if u := r.Float64(); u < .1 {
			v.Score = .5
		} else if u < .1+.9/(1+math.Exp(.5*float64(v.A-v.B))) {
			v.Score = 1
		}
		votes = append(votes, v)
	}
	return votes
}
