package dataset

import (
	"math"
	"testing"
)

// Both built-in worlds say the same of the same number; what differs is how far objects stand from where their arrangement has them.
func TestTheFreeWorldDiffersInPlacesOnly(t *testing.T) {
	open := func(name string) *Scenes {
		d, err := Open(name, 32, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d.Name() != name {
			t.Errorf("%s is called %s", name, d.Name())
		}
		return d.(*Scenes)
	}
	tied, free := open("scenes").Split("train"), open("scenes-free").Split("train")
	var spread, far float64
	for i := range 200 {
		a, captionA, _ := tied.Scene(i)
		b, captionB, _ := free.Scene(i)
		if captionA != captionB || a.Attributes() != b.Attributes() {
			t.Fatalf("scene %d: %q and %q", i, captionA, captionB)
		}
		for k, o := range b.Objects {
			if edge := max(math.Abs(o.X-.5), math.Abs(o.Y-.5)) + o.Radius; edge > .5 {
				t.Errorf("scene %d: object %d reaches %.3f from the middle, want ≤ .5", i, k, edge)
			}
			if len(b.Objects) == 1 {
				spread, far = spread+math.Abs(a.Objects[k].X-.5), far+math.Abs(o.X-.5)
			}
		}
	}
	if ratio, want := far/spread, FreeScenes().Jitter/DefaultScenes().Jitter; math.Abs(ratio-want) > 1e-9 {
		t.Errorf("places vary %g times as far, want %g", ratio, want)
	}
}
