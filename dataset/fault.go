package dataset

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Fault is a picture that cannot be used.
type Fault struct {
	Name, Kind string // kind: missing, broken, repeated, without caption, without picture
	Err        error
}

func (f Fault) Error() string { return fmt.Sprintf("%s: %s: %v", f.Name, f.Kind, f.Err) }

// Kinds of faults that other packages tell apart or find.
const (
	Missing = "missing" // captions name a picture that is not there
	Broken  = "broken"
)

// Tolerated is how many of so many pictures may be unusable: 2 %.
func Tolerated(total int) int { return total * 2 / 100 }

// CheckFaults refuses a set with more faults than allowed, or with nothing that can be used.
func CheckFaults(faults []Fault, usable, allowed int) error {
	if len(faults) <= allowed && usable > 0 {
		return nil
	}
	var first []string
	for _, f := range sortedFaults(faults)[:min(3, len(faults))] {
		first = append(first, f.Error())
	}
	return fmt.Errorf("%s, want ≤ %d: %s", countFaults(faults, usable), allowed, strings.Join(first, "; "))
}

// countFaults says how many pictures are lost, by kind.
func countFaults(faults []Fault, usable int) string {
	count := map[string]int{}
	for _, f := range faults {
		count[f.Kind]++
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", count[kind], kind))
	}
	return fmt.Sprintf("%d of %d pictures cannot be used (%s)", len(faults), len(faults)+usable, strings.Join(kinds, ", "))
}

func sortedFaults(faults []Fault) []Fault {
	return slices.SortedFunc(slices.Values(faults), func(a, b Fault) int { return cmp.Compare(a.Name, b.Name) })
}
