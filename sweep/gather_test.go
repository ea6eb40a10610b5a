package sweep

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
)

// Seeds that only some cells have count for those, and what is missing is listed; nothing is trained.
func TestGatherFindsWhatIsThere(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	if _, err := l.options(newTestPlan(t, []ablations.Axis{ablations.Augment}, 1), root).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	lean, err := ablations.Augment.Only([]string{"diffaugment"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.options(newTestPlan(t, []ablations.Axis{lean}, 2), root).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := newTestPlan(t, []ablations.Axis{ablations.Augment}, 1, 2, 3)
	results, missing, err := l.options(p, root).Gather()
	if err != nil {
		t.Fatal(err)
	}
	table, seeds := p.Table(ablations.Augment, results), map[string]int{}
	for _, row := range table.Rows {
		seeds[row.Name] = row.Seeds
	}
	if note := table.Notes[1]; !strings.Contains(note, "over 2 seeds") || !strings.Contains(table.Notes[2], "a cell with one seed is over its pictures") {
		t.Errorf("note = %q, want that one cell has one seed and the other two", note)
	}
	if diff := cmp.Diff(map[string]int{"none": 1, "diffaugment": 2}, seeds); diff != "" {
		t.Errorf("seeds (-want +got)\n%s", diff)
	}
	var labels []string
	for _, j := range missing {
		labels = append(labels, j.Label)
	}
	want := []string{
		"augment/none, seed 2", "default cell, seed 3", "augment/none, seed 3",
		"student (default cell), 2 steps, seed 3", "student (default cell), 4 steps, seed 3",
	}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Errorf("missing (-want +got)\n%s", diff)
	}
}
