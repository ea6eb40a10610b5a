package report

import (
	"fmt"
	"testing"

	"gonum.org/v1/plot/vg"
)

// Numbers of points that lie close together cover neither each other nor the points.
func TestLabelsCoverNothing(t *testing.T) {
	var l labels
	var at []vg.Point
	for i := range 12 {
		p := vg.Point{X: 200 + 9*vg.Length(i%4), Y: 200 + 9*vg.Length(i/4)}
		at = append(at, p)
		l.avoid(p, 6)
	}
	near := 0
	for i, p := range at {
		before := len(l.taken)
		middle, away := l.place(p, 18, 15)
		box := around(middle, 18, 15)
		if l.taken = l.taken[:before]; l.covered(box) > 0 {
			t.Errorf("label %d at %v covers something", i, middle)
		}
		l.taken = append(l.taken, box)
		if !away {
			near++
		}
	}
	if near == 0 || near == len(at) {
		t.Errorf("%d of %d labels stand beside their point, want some there and some further away", near, len(at))
	}
}

// A point alone has its number above to the right.
func TestLabelOfAPointAlone(t *testing.T) {
	var l labels
	l.avoid(vg.Point{}, 6)
	if m, away := l.place(vg.Point{}, 10, 10); away || m.X <= 0 || m.Y <= 0 {
		t.Errorf("label at %v, away = %t, want up and to the right", m, away)
	}
}

// Only where points crowd in a corner of what all of them fill does that corner get a panel of its own.
func TestBetterPointsAreShownLargerWhereTheyCrowd(t *testing.T) {
	point := func(fid, clip float64) planePoint {
		return planePoint{fid: Estimate{Mean: fid, N: 4}, clip: Estimate{Mean: clip, N: 4}}
	}
	var even, crowd []planePoint
	for i := range 16 {
		even = append(even, point(float64(i), .8+.01*float64(i*5%16)))
		crowd = append(crowd, point(40+float64(i), .86+.001*float64(i*5%16)))
	}
	crowd = append(crowd, point(120, .8), point(130, .82))
	for _, c := range []struct {
		why    string
		points []planePoint
		want   bool
	}{{"even", even, false}, {"few", crowd[:5], false}, {"crowd", crowd, true}} {
		if _, got := better(c.points); got != c.want {
			t.Errorf("%s: crowded = %t, want %t", c.why, got, c.want)
		}
	}
	w, _ := better(crowd)
	held := 0
	for _, p := range crowd {
		if w.holds(p) {
			held++
		}
	}
	if held < 8 || w.holds(crowd[16]) || w.holds(crowd[17]) {
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
