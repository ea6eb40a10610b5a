package sweep

import (
	"slices"
	"testing"
)

// Ties need not be transitive: 0-1-2-3 is a chain, whose neighbours are tied; 4 is tied to nothing.
func TestCliquesOfAChain(t *testing.T) {
	sets := cliques([]int{0, 1, 2, 3, 4}, func(i, j int) bool { return i != 4 && j != 4 && max(i-j, j-i) == 1 })
	for _, s := range sets {
		slices.Sort(s)
	}
	slices.SortFunc(sets, slices.Compare)
	if want := [][]int{{0, 1}, {1, 2}, {2, 3}, {4}}; !slices.EqualFunc(sets, want, slices.Equal) {
		t.Errorf("cliques = %v, want %v", sets, want)
	}
}

// Forty cells that are all tied are one set; every pair is tested once. Without a pivot this would take 2⁴⁰ steps.
func TestManyTiedCellsAreOneSet(t *testing.T) {
	var members []int
	for i := range 40 {
		members = append(members, i)
	}
	tests := 0
	sets := cliques(members, func(int, int) bool { tests++; return true })
	if len(sets) != 1 || len(sets[0]) != 40 || tests != 40*39/2 {
		t.Errorf("%d sets, %d tests, want one set and %d tests", len(sets), tests, 40*39/2)
	}
}
