package plot

import (
	"testing"

	"gonum.org/v1/plot/vg"
)

// Numbers of points that lie close together cover neither each other nor the points, and stay in the picture.
func TestLabelsCoverNothing(t *testing.T) {
	area := around(vg.Point{X: 200, Y: 200}, 400, 400)
	var at []vg.Point
	for i := range 9 {
		at = append(at, vg.Point{X: 200 + 14*vg.Length(i%3), Y: 200 + 14*vg.Length(i/3)})
	}
	at = append(at, vg.Point{X: 60, Y: 300}, vg.Point{X: 200, Y: 396}, vg.Point{X: 398, Y: 200}) // alone, and at the edges
	var placed []label
	for _, p := range at {
		placed = append(placed, place(label{at: p}, 22, 18, area, at, placed))
	}
	for i, l := range placed {
		if overlap(l.box, area) < 22*18-1 {
			t.Errorf("label %d leaves the picture", i)
		}
		for j, p := range at {
			if overlap(l.box, around(p, 2*pointRadius, 2*pointRadius)) > 0 {
				t.Errorf("label %d covers point %d", i, j)
			}
			if j < i && overlap(l.box, placed[j].box) > 0 {
				t.Errorf("labels %d and %d cover each other", i, j)
			}
		}
	}
	if alone := placed[9]; alone.led || alone.box.Min.X < 60 || alone.box.Max.Y < 310 {
		t.Errorf("the point alone has its label at %v, want it above to the right without a line", alone.box)
	}
}

// Every group of points has a mark of its own until all pairs of shape and colour are used.
func TestMarksTellGroupsApart(t *testing.T) {
	type look struct{ colour, shape any }
	seen := map[look]int{}
	for i := range len(marks) * len(curveColours) {
		m := mark(i)
		if other, ok := seen[look{m.Color, m.Shape}]; ok {
			t.Fatalf("groups %d and %d look the same", other, i)
		}
		seen[look{m.Color, m.Shape}] = i
	}
	for i := 1; i < len(marks); i++ {
		if mark(i).Shape == mark(0).Shape || mark(i).Color == mark(0).Color {
			t.Errorf("groups 0 and %d share a shape or a colour", i)
		}
	}
}
