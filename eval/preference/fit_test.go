package preference

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func seeded() *rand.Rand { return rand.New(rand.NewPCG(3, 4)) }

func newFit(t *testing.T, methods int, questions ...[]Vote) Fit {
	t.Helper()
	f, err := NewFit(methods, questions, .95, 2000, seeded())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// coin is n votes of which the first k are for A, each a cluster of its own.
func coin(n, k int) (votes []Vote) {
	for i := range n {
		votes = append(votes, Vote{A: 0, B: 1, Score: map[bool]float64{true: 1}[i < k], Cluster: i})
	}
	return votes
}

// Of two methods and independent votes the standard error of the log odds is √(1/won + 1/lost): half of it belongs to each method.
func TestIntervalOfIndependentVotes(t *testing.T) {
	f := newFit(t, 2, coin(400, 280))
	e := f.Questions[0][0]
	want := 1.96 * math.Sqrt(1./280+1./120) / 2 * eloWidth / math.Ln10
	if half := (e.High - e.Low) / 2; math.Abs(half-want) > .06*want {
		t.Errorf("half of the interval = %.1f points, want %.1f", half, want)
	}
	if got := OnEloScale(math.Log(280./120) / 2); math.Abs(e.Mean-got) > 1e-6 || e.N != 400 || f.Lost > 0 {
		t.Errorf("estimate = %+v, lost %v, want %.2f of 400 votes", e, f.Lost, got)
	}
}

// Votes of one voter that say the same are one vote: repeating them changes neither rating nor interval.
func TestVotesOfAClusterCountTogether(t *testing.T) {
	votes := coin(60, 40)
	once := newFit(t, 2, votes).Questions[0][0]
	often := newFit(t, 2, slices.Repeat(votes, 5)).Questions[0][0]
	if math.Abs(once.Low-often.Low) > 1e-6 || math.Abs(once.High-often.High) > 1e-6 {
		t.Errorf("intervals %v and %v, want the same", once, often)
	}
	apart := slices.Repeat(votes, 5)
	for i := range apart {
		apart[i].Cluster = i
	}
	if e := newFit(t, 2, apart).Questions[0][0]; !(e.High-e.Low < .6*(once.High-once.Low)) {
		t.Errorf("interval of votes that are independent = %v, want much less than %v", e, once)
	}
}

// Intervals at 95 % hold the truth about as often.
func TestIntervalsCover(t *testing.T) {
	r, held := seeded(), 0
	const trials, n, p = 200, 80, .65
	truth := OnEloScale(math.Log(p/(1-p)) / 2)
	for range trials {
		won := 0
		for range n {
			if r.Float64() < p {
				won++
			}
		}
		f, err := NewFit(2, [][]Vote{coin(n, won)}, .95, 200, r)
		if err != nil {
			t.Fatal(err)
		}
		if e := f.Mean[0]; e.HasInterval() && e.Low <= truth && truth <= e.High {
			held++
		}
	}
	if share := float64(held) / trials; share < .905 || share > .985 {
		t.Errorf("%.3f of the intervals hold the truth, want about 0.95", share)
	}
}

// The rating over both questions is the mean of the two; answers that go together widen its interval, answers against each other cancel.
func TestMeanOfQuestions(t *testing.T) {
	looks, opposite := coin(100, 60), coin(100, 60)
	for i := range opposite {
		opposite[i].Score = 1 - opposite[i].Score
	}
	same, against := newFit(t, 2, looks, looks), newFit(t, 2, looks, opposite)
	if diff := cmp.Diff(same.Questions[0][0].Low, same.Mean[0].Low); diff != "" {
		t.Errorf("the mean of equal answers has another interval: %s", diff)
	}
	if m := against.Mean[0]; math.Abs(m.Mean-1000) > 1e-6 || math.Abs(m.High-m.Low) > 1e-6 {
		t.Errorf("mean of opposite answers = %+v, want 1000 without doubt", m)
	}
	if got := same.Mean[0].N; got != 200 {
		t.Errorf("n = %d, want the votes of both questions", got)
	}
}

// A method that lost all is not rated, and the others are as without it.
func TestALoserOfAllIsLeftOut(t *testing.T) {
	votes := random(3, 200)
	alone := newFit(t, 3, votes)
	var more []Vote
	for i := range 30 {
		more = append(more, Vote{A: 3, B: i % 3, Score: 0, Cluster: i})
	}
	f := newFit(t, 4, append(more, votes...))
	if diff := cmp.Diff([]int{0, 1, 2}, f.Group); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	if f.Mean[3].Known() || f.Questions[0][3].Known() {
		t.Errorf("the loser is rated %v, want no rating", f.Mean[3])
	}
	for m := range 3 {
		if math.Abs(f.Mean[m].Mean-alone.Mean[m].Mean) > 1e-6 || f.Mean[m].N != alone.Mean[m].N {
			t.Errorf("method %d = %v, want %v as without the loser", m, f.Mean[m], alone.Mean[m])
		}
	}
}

// Chains of wins must exist in both questions: who lost all in one is rated in none.
func TestGroupOfBothQuestions(t *testing.T) {
	circle := []Vote{{A: 0, B: 1, Score: 1}, {A: 1, B: 2, Score: 1}, {A: 2, B: 0, Score: 1}, {A: 0, B: 1, Score: 0}}
	ordered := []Vote{{A: 0, B: 1, Score: 1}, {A: 1, B: 2, Score: 1}, {A: 0, B: 2, Score: 1}, {A: 0, B: 1, Score: 0}}
	for i := range circle {
		circle[i].Cluster, ordered[i].Cluster = i, i
	}
	if diff := cmp.Diff([]int{0, 1}, newFit(t, 3, circle, ordered).Group); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
}

// Each question needs chains of wins within the group, and they may be others in each.
func TestChainsOfWinsMayDiffer(t *testing.T) {
	upsets := func(pairs ...[2]int) (votes []Vote) {
		wins := slices.Repeat([][2]int{{0, 1}, {1, 2}, {0, 2}}, 20)
		for i, p := range append(wins, slices.Repeat(pairs, 4)...) {
			votes = append(votes, Vote{A: p[0], B: p[1], Score: 1, Cluster: i})
		}
		return votes
	}
	f := newFit(t, 3, upsets([2]int{2, 0}), upsets([2]int{1, 0}, [2]int{2, 1}))
	for m := range 3 {
		if !f.Questions[0][m].Known() || !f.Questions[1][m].Known() || !f.Mean[m].Known() {
			t.Errorf("method %d is not rated, want a rating in both questions", m)
		}
	}

	// Looks put 0, 1 and 3 together and 2 aside; the only win of 3 in the caption was over 2.
	chain := func(pairs ...[2]int) (votes []Vote) {
		for i, p := range pairs {
			votes = append(votes, Vote{A: p[0], B: p[1], Score: 1, Cluster: i})
		}
		return votes
	}
	looks := chain([2]int{0, 1}, [2]int{1, 3}, [2]int{3, 0}, [2]int{0, 2}, [2]int{1, 0})
	caption := chain([2]int{0, 1}, [2]int{1, 0}, [2]int{1, 3}, [2]int{3, 2}, [2]int{2, 0})
	if diff := cmp.Diff([]int{0, 1}, newFit(t, 4, looks, caption).Group); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
}

// Where nothing is identified, nothing is rated; where resamples often are not, there is no interval.
func TestTooFewVotes(t *testing.T) {
	if f := newFit(t, 2, coin(9, 9)); f.Mean[0].Known() || f.Mean[1].Known() || len(f.Group) != 1 {
		t.Errorf("fit of a constant winner = %+v, want no rating", f)
	}
	f := newFit(t, 2, coin(5, 4))
	if e := f.Mean[0]; !e.Known() || e.HasInterval() || math.Abs(f.Lost-math.Pow(.8, 5)-math.Pow(.2, 5)) > .03 {
		t.Errorf("4 of 5 votes: %+v, lost %.3f, want a rating without interval and %.3f", e, f.Lost, math.Pow(.8, 5)+math.Pow(.2, 5))
	}
	one := coin(50, 30)
	for i := range one {
		one[i].Cluster = 0
	}
	if e := newFit(t, 2, one).Mean[0]; !e.Known() || e.HasInterval() {
		t.Errorf("votes of one cluster: %+v, want no interval", e)
	}
}

func TestShares(t *testing.T) {
	votes := append(coin(40, 30), Vote{A: 1, B: 0, Score: .5, Cluster: 40}, Vote{A: 1, B: 0, Score: 1, Cluster: 41}, Vote{A: 2, B: 0, Score: 1, Cluster: 42})
	got, err := Shares(3, votes, .95, 500, seeded())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("%d pairs, want the two that were voted on", len(got))
	}
	s := got[0]
	if s.A != 0 || s.B != 1 || s.Won != 30 || s.Lost != 11 || s.Neither != 1 || s.Preferred.Mean != 30./41 {
		t.Errorf("share = %+v, want 30 won, 11 lost, 1 neither", s)
	}
	// Wilson's interval of 1 of 1 begins at 1/(1 + 1.96²), where the bootstrap of a single vote knows nothing.
	if s := got[1]; s.Won != 0 || s.Lost != 1 || s.Preferred.Low != 0 || math.Abs(s.Preferred.High-(1-1/(1+1.959964*1.959964))) > 1e-6 {
		t.Errorf("share of a single vote = %+v", s)
	}

	// Ten voters who always answer the same: the bootstrap over voters is wider than Wilson's.
	var blocks []Vote
	for i := range 200 {
		blocks = append(blocks, Vote{A: 0, B: 1, Score: map[bool]float64{true: 1}[i%10 < 6], Cluster: i % 10})
	}
	got, err = Shares(2, blocks, .95, 1000, seeded())
	if err != nil {
		t.Fatal(err)
	}
	if e := got[0].Preferred; math.Abs((e.High-e.Low)/2-1.96*math.Sqrt(.24/10)) > .05 {
		t.Errorf("interval = %v, want about ±%.2f as of ten votes", e, 1.96*math.Sqrt(.24/10))
	}
}
