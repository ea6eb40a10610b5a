package sweep

import (
	"cmp"
	"path/filepath"
	"slices"
	"time"

	"github.com/addlab/addlab/record"
)

// timings are seconds that runs of some kinds needed. Results move between machines and a machine has other work at times, so the
// latest few tell most, by their median.
type timings[K comparable] []timing[K]

type timing[K comparable] struct {
	kind    K
	began   time.Time
	seconds float64
}

// latestFew is how many runs are asked; two of a new machine overrule an old one's.
const latestFew = 3

func (t *timings[K]) add(kind K, began time.Time, seconds float64) {
	*t = append(*t, timing[K]{kind, began, seconds})
}

// Basis says whose speed a [Forecast] rests on.
type Basis int

const (
	OwnRuns       Basis = iota // one's own, of the same kind
	OtherKind                  // one's own of another kind, as much slower or faster as committed runs of both kinds tell, if they do
	CommittedRuns              // those of the committed runs, on another machine
)

// expect is of the same kind where there is one, else of another one, and else of what was timed elsewhere; 0 where nothing was.
func (t timings[K]) expect(kind K, elsewhere timings[K]) (seconds float64, basis Basis) {
	if seconds := t.of(kind); seconds > 0 {
		return seconds, OwnRuns
	}
	there := elsewhere.of(kind)
	for _, x := range slices.Backward(t) {
		if other := elsewhere.of(x.kind); other > 0 && there > 0 {
			return t.of(x.kind) * there / other, OtherKind
		}
	}
	if len(t) > 0 {
		return t.middle(), OtherKind
	}
	return there, CommittedRuns
}

// of is the speed of one kind, 0 where none was timed.
func (t timings[K]) of(kind K) float64 {
	return slices.DeleteFunc(slices.Clone(t), func(x timing[K]) bool { return x.kind != kind }).middle()
}

// middle is the median of the latest few, 0 of none.
func (t timings[K]) middle() float64 {
	alike := slices.Clone(t)
	if len(alike) == 0 {
		return 0
	}
	slices.SortStableFunc(alike, func(a, b timing[K]) int { return b.began.Compare(a.began) })
	alike = alike[:min(len(alike), latestFew)]
	slices.SortFunc(alike, func(a, b timing[K]) int { return cmp.Compare(a.seconds, b.seconds) })
	return alike[len(alike)/2].seconds
}

// began is when a run was begun; the zero time where it does not tell.
func began(dir string) time.Time {
	var env record.Environment
	_ = record.ReadJSON(filepath.Join(dir, "env.json"), &env) // a forecast does without
	return env.Time
}
