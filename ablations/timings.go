package ablations

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

// expect is of the same kind where there is one and else of any; 0 where there is none.
func (t timings[K]) expect(kind K) float64 {
	alike := slices.DeleteFunc(slices.Clone(t), func(x timing[K]) bool { return x.kind != kind })
	if len(alike) == 0 {
		alike = slices.Clone(t)
	}
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
