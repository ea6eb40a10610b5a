package report

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// crowd is a heap of points with a label each, arranged in a picture of 400 pixels.
func crowd(at ...vg.Point) labels {
	l := labels{area: around(vg.Point{X: 200, Y: 200}, 400, 400), points: at}
	for i, p := range at {
		l.add(label{text: strconv.Itoa(i + 1), at: p, width: 22, height: 18})
	}
	l.arrange()
	return l
}

// Numbers of points that lie close together cover neither each other nor the points, and each can be told to belong to its own: it is the
// nearest, or a line that runs below no other number leads there.
func TestLabelsCoverNothingAndAreAssigned(t *testing.T) {
	var at []vg.Point
	for i := range 12 {
		at = append(at, vg.Point{X: 200 + 9*vg.Length(i%4), Y: 200 + 9*vg.Length(i/4)})
	}
	at = append(at, vg.Point{X: 60, Y: 300}, vg.Point{X: 200, Y: 396}, vg.Point{X: 398, Y: 200}) // alone, and at the edges
	l := crowd(at...)
	led := 0
	for i, c := range l.placed {
		box := c.box()
		if box.Min.X < 0 || box.Min.Y < 0 || box.Max.X > 400 || box.Max.Y > 400 {
			t.Errorf("label %s at %v leaves the picture", c.text, c.middle)
		}
		for j, p := range at {
			if overlap(box, around(p, 2*pointRadius, 2*pointRadius)) > 0 {
				t.Errorf("label %s covers point %d", c.text, j+1)
			}
			if !c.led && j != i && distance(p, c.middle) <= distance(c.at, c.middle) {
				t.Errorf("label %s has no line, and is nearer to point %d", c.text, j+1)
			}
		}
		for j, other := range l.placed {
			if j != i && overlap(box, other.box()) > 0 {
				t.Errorf("labels %s and %s cover each other", c.text, other.text)
			}
			if j != i && other.led && crosses(other.at, other.middle, box) {
				t.Errorf("the line of label %s runs below %s", other.text, c.text)
			}
		}
		if c.led {
			led++
		}
	}
	if led == 0 || led == len(at) {
		t.Errorf("lines lead to %d of %d labels, want some", led, len(at))
	}
}

// A point alone has its number above to the right.
func TestLabelOfAPointAlone(t *testing.T) {
	at := vg.Point{X: 200, Y: 200}
	if c := crowd(at).placed[0]; c.led || c.middle.X <= at.X || c.middle.Y <= at.Y {
		t.Errorf("label at %v, line = %t, want up and to the right without", c.middle, c.led)
	}
}

func TestCrosses(t *testing.T) {
	box := around(vg.Point{X: 10, Y: 10}, 4, 4)
	for _, c := range []struct {
		why  string
		a, b vg.Point
		want bool
	}{
		{"through the middle", vg.Point{X: 0, Y: 0}, vg.Point{X: 20, Y: 20}, true},
		{"from within", vg.Point{X: 10, Y: 10}, vg.Point{X: 11, Y: 10}, true},
		{"too short", vg.Point{X: 0, Y: 0}, vg.Point{X: 7, Y: 7}, false},
		{"beside, upright", vg.Point{X: 7, Y: 0}, vg.Point{X: 7, Y: 20}, false},
		{"upright", vg.Point{X: 9, Y: 0}, vg.Point{X: 9, Y: 20}, true},
		{"past a corner", vg.Point{X: 0, Y: 10}, vg.Point{X: 10, Y: 20}, false},
	} {
		if got := crosses(c.a, c.b, box); got != c.want {
			t.Errorf("%s: crosses = %t, want %t", c.why, got, c.want)
		}
	}
	if !meet(vg.Point{}, vg.Point{X: 2, Y: 2}, vg.Point{X: 2}, vg.Point{Y: 2}) || meet(vg.Point{}, vg.Point{X: 2}, vg.Point{Y: 1}, vg.Point{X: 2, Y: 1}) {
		t.Error("the diagonals of a square meet, its sides do not")
	}
}

// Only where points crowd in a corner of what all of them fill does that corner get a panel of its own.
func TestBetterPointsAreShownLargerWhereTheyCrowd(t *testing.T) {
	point := func(fid, clip float64) planePoint {
		return planePoint{fid: Estimate{Mean: fid, N: 4}, clip: Estimate{Mean: clip, N: 4}}
	}
	var even, heap []planePoint
	for i := range 16 {
		even = append(even, point(float64(i), .8+.01*float64(i*5%16)))
		heap = append(heap, point(40+float64(i), .86+.001*float64(i*5%16)))
	}
	heap = append(heap, point(120, .8), point(130, .82))
	for _, c := range []struct {
		why    string
		points []planePoint
		want   bool
	}{{"even", even, false}, {"few", heap[:5], false}, {"crowd", heap, true}} {
		if _, got := better(c.points); got != c.want {
			t.Errorf("%s: crowded = %t, want %t", c.why, got, c.want)
		}
	}
	w, _ := better(heap)
	held := 0
	for _, p := range heap {
		if w.holds(p) {
			held++
		}
	}
	if held < 8 || w.holds(heap[16]) || w.holds(heap[17]) {
		t.Errorf("%s holds %d points, want at least half of them and not the two far away", fmt.Sprint(w), held)
	}
}

// Cells are compared with the cell that the table names, where the default has no number of the paper.
func TestVersusComparesWithTheNamedCell(t *testing.T) {
	row := func(name string, ours, paper float64) Row {
		r := Row{Name: name, FID: Estimate{Mean: ours, N: 4}, CLIP: Estimate{Mean: .8, N: 4}}
		if paper > 0 {
			r.Paper = &Score{FID: paper, CLIP: .3}
		}
		return r
	}
	own := row("own", 40, 0)
	own.Default = true
	rows := []Row{own, row("a", 60, 20), row("b", 30, 25)}
	got := Versus{Tables: []Table{{Axis: "x", Against: "a", Rows: rows}}}.points()
	if len(got) != 1 || got[0].name != "x: b" || got[0].paper[0] != 1.25 || got[0].ours[0] != .5 {
		t.Errorf("points = %+v, want b with 1.25 and .5 of a", got)
	}
	if got := (Versus{Tables: []Table{{Axis: "x", Rows: rows}}}).points(); len(got) != 0 {
		t.Errorf("points = %+v, want none without the paper's number of the default cell", got)
	}
}

// Every axis has a mark of its own, the first one with cells the first; the others do not count.
func TestMarksTellAxesApart(t *testing.T) {
	type look struct{ colour, shape any }
	seen := map[look]int{}
	for i := range len(marks) * len(curveColours) {
		m := mark(i)
		if other, ok := seen[look{m.Color, m.Shape}]; ok {
			t.Fatalf("tables %d and %d look the same", other, i)
		}
		seen[look{m.Color, m.Shape}] = i
	}
	for i := 1; i < len(marks); i++ {
		if mark(i).Shape == mark(0).Shape || mark(i).Color == mark(0).Color {
			t.Errorf("tables 0 and %d share a shape or a colour", i)
		}
	}

	row := func(name string, paper float64) Row {
		return Row{Name: name, Default: name == "own", FID: Estimate{Mean: 40, N: 4}, CLIP: Estimate{Mean: .8, N: 4}, Paper: &Score{FID: paper, CLIP: .3}}
	}
	measured := Table{Axis: "x", Rows: []Row{row("own", 20), row("a", 21), row("b", 22)}}
	var tables []int
	for _, p := range (Versus{Tables: []Table{measured, {Axis: "without the paper"}, measured}}).points() {
		tables = append(tables, p.table)
	}
	if fmt.Sprint(tables) != "[0 0 1 1]" {
		t.Errorf("tables of the points = %v, want 0 0 1 1", tables)
	}
}

// The note tells of panels and of other cells to compare with only where there are any.
func TestVersusNote(t *testing.T) {
	v := Versus{Tables: []Table{{Axis: "x", Against: "a"}, {Axis: "y"}, {Axis: "z", Against: "c"}}}
	for _, c := range []struct {
		why            string
		point          versusPoint
		panels, others bool
	}{
		{"one panel", versusPoint{axis: "y", paper: [2]float64{1.1, .9}, ours: [2]float64{1.9, 1}}, false, false},
		{"the paper's cell collapsed", versusPoint{axis: "y", paper: [2]float64{15, .9}, ours: [2]float64{1.9, 1}}, true, false},
		{"ours has a CLIP score far lower", versusPoint{axis: "x", paper: [2]float64{1, 1}, ours: [2]float64{1, .3}}, true, true},
	} {
		note := v.note([]versusPoint{c.point})
		if got := strings.Contains(note, "Left: "); got != c.panels {
			t.Errorf("%s: note %q names panels: %t, want %t", c.why, note, got, c.panels)
		}
		if got := strings.Contains(note, "; in x to a"); got != c.others || strings.Contains(note, "in z") {
			t.Errorf("%s: note %q names another cell: %t, want %t", c.why, note, got, c.others)
		}
	}
}
