package preference

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func fitted(t *testing.T, w Wins) []float64 {
	t.Helper()
	beta, err := BradleyTerry(w)
	if err != nil {
		t.Fatal(err)
	}
	return beta
}

// Of two methods the odds are those of the votes, and points are Elo's: ten to one is 400.
func TestTwoMethodsInClosedForm(t *testing.T) {
	for _, c := range []struct{ won, lost float64 }{{30, 10}, {1, 1}, {200, 1}, {20, 2}, {2.5, .5}} {
		beta := fitted(t, Wins{{0, c.won}, {c.lost, 0}})
		if got, want := beta[0]-beta[1], math.Log(c.won/c.lost); math.Abs(got-want) > 1e-9 || math.Abs(beta[0]+beta[1]) > 1e-9 {
			t.Errorf("%v: abilities %v, want a difference of %v around 0", c, beta, want)
		}
	}
	beta := fitted(t, Wins{{0, 20}, {2, 0}})
	near(t, "points", []float64{1200, 800}, []float64{OnEloScale(beta[0]), OnEloScale(beta[1])}, 1e-6)
}

// At the maximum of the likelihood every method has as many wins as its abilities expect, and a multiple of the votes has the same one.
func TestExpectedWinsAreThoseSeen(t *testing.T) {
	w := count(5, random(5, 400), nil)
	beta := fitted(t, w)
	many := make(Wins, len(w))
	for i := range w {
		seen, expected := 0., 0.
		for j := range w {
			many[i] = append(many[i], 7*w[i][j])
			seen += w[i][j]
			expected += (w[i][j] + w[j][i]) / (1 + math.Exp(beta[j]-beta[i]))
		}
		if math.Abs(seen-expected) > 1e-6 {
			t.Errorf("method %d has %v wins, %v are expected", i, seen, expected)
		}
	}
	near(t, "seven times the votes", beta, fitted(t, many), 1e-9)
}

func TestWhatIsNotIdentified(t *testing.T) {
	for why, w := range map[string]Wins{
		"no votes":            {{0, 0}, {0, 0}},
		"one won all":         {{0, 3, 2}, {0, 0, 1}, {0, 1, 0}},
		"one lost all":        {{0, 3, 2}, {1, 0, 1}, {0, 0, 0}},
		"two that never met":  {{0, 1, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 1, 0}},
		"a chain without end": {{0, 1, 0}, {0, 0, 1}, {0, 0, 0}},
		"no methods":          {},
	} {
		if _, err := BradleyTerry(w); !errors.Is(err, ErrNotIdentified) {
			t.Errorf("%s: error = %v, want ErrNotIdentified", why, err)
		}
	}
	near(t, "a circle of single wins", []float64{0, 0, 0}, fitted(t, Wins{{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}), 1e-9)
	for want, w := range map[string]Wins{
		"wins of method 0 over 1 = -1":    {{0, -1}, {1, 0}},
		"wins of method 0 over 1 = NaN":   {{0, math.NaN()}, {1, 0}},
		"wins of method 1 over 1 = 2":     {{0, 1}, {1, 2}},
		"wins of method 1 = 1 numbers":    {{0, 1}, {1}},
		"wins of method 0 over 1 = +Inf,": {{0, math.Inf(1)}, {1, 0}},
	} {
		if _, err := BradleyTerry(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}
