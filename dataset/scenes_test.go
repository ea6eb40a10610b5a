package dataset

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// world is the built-in world with pictures of 16×16 and up to this many objects.
func world(t testing.TB, maxObjects int) *Scenes {
	t.Helper()
	s := &Scenes{Config: ScenesConfig{Size: 16, MaxObjects: maxObjects, Jitter: DefaultScenes().Jitter, Seed: 1}}
	return s
}

var splitNames = []string{"train", "heldout", "novel", "all"}

func TestScenesAreFunctionsOfTheirIndex(t *testing.T) {
	for _, name := range splitNames {
		source, again := world(t, 2).Split(name), world(t, 2).Split(name)
		for _, i := range []int{3, 0, 3, math.MaxInt - 1, 1 << 40} { // in any order, as often as wanted
			a, err := source.Sample(i)
			if err != nil {
				t.Fatal(err)
			}
			b, err := again.Sample(i)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("%s: sample %d is not the same again (-one +other):\n%s", name, i, diff)
			}
			scene, caption, _ := source.Scene(i)
			if caption != a.Caption || !slices.Equal(scene.Draw(16).Pix, a.Image.Pix) {
				t.Errorf("%s: Scene and Sample %d differ", name, i)
			}
		}
	}
}

// The picture's size changes how finely a world is drawn, not what is in it.
func TestSizeDoesNotChangeTheScenes(t *testing.T) {
	small := world(t, 2)
	large := &Scenes{Config: small.Config}
	large.Config.Size = 64
	for i := range 20 {
		a, captionA, _ := small.Split("train").Scene(i)
		b, captionB, _ := large.Split("train").Scene(i)
		if diff := cmp.Diff(a, b); diff != "" || captionA != captionB {
			t.Errorf("scene %d: %q and %q (-16 +64):\n%s", i, captionA, captionB, diff)
		}
	}
}

// No held-out pair of shape and colour in training, at least one in every novel scene, and no scene twice.
func TestSplitsAreDisjoint(t *testing.T) {
	const n = 500
	for _, objects := range []int{1, 2, 3} {
		seen := map[[2]float64]string{} // where the first object lies tells scenes apart
		novel := map[string]int{}
		for _, name := range splitNames {
			source := world(t, objects).Split(name)
			for i := range n {
				scene, _, _ := source.Scene(i)
				held := 0
				for _, o := range scene.Objects {
					// The held-out pairs, by name.
					switch Colors[o.Color].Name + " " + Shapes[o.Shape] {
					case "red square", "purple star", "green ring":
						held++
					}
				}
				if held > 0 {
					novel[name]++
				}
				place := [2]float64{scene.Objects[0].X, scene.Objects[0].Y}
				if other, ok := seen[place]; ok {
					t.Errorf("%d objects: scene %d of %s stands in %s too", objects, i, name, other)
				}
				seen[place] = name
			}
		}
		if novel["train"] != 0 || novel["heldout"] != 0 || novel["novel"] != n {
			t.Errorf("%d objects: scenes with a held-out pair = %v of %d, want none in train and heldout, all in novel", objects, novel, n)
		}
		if novel["all"] == 0 || novel["all"] == n {
			t.Errorf("%d objects: %d of %d scenes of all have a held-out pair, want some", objects, novel["all"], n)
		}
	}
}

// Training shows every shape, colour, size, background and arrangement, and every pair of shape and colour but the held-out.
func TestTrainingCoversTheWorld(t *testing.T) {
	seen, pairs := map[int]map[int]bool{}, map[[2]int]bool{}
	for k := range AttributeClasses {
		seen[k] = map[int]bool{}
	}
	source := world(t, 3).Split("train")
	for i := range 3000 {
		scene, _, _ := source.Scene(i)
		for k, class := range scene.Attributes() {
			if class >= AttributeClasses[k] {
				t.Fatalf("%s = %d, want < %d", AttributeNames[k], class, AttributeClasses[k])
			}
			if class >= 0 {
				seen[k][class] = true
			}
		}
		for _, o := range scene.Objects {
			pairs[[2]int{o.Shape, o.Color}] = true
		}
	}
	for k, want := range AttributeClasses {
		if len(seen[k]) != want {
			t.Errorf("%s: %d classes seen, want %d", AttributeNames[k], len(seen[k]), want)
		}
	}
	if want := len(Shapes)*len(Colors) - 3; len(pairs) != want {
		t.Errorf("pairs of shape and colour = %d, want %d", len(pairs), want)
	}
}

// extent is how far the shape of radius 1 reaches to the left, right, top and bottom.
func extent(shape int) (left, right, top, bottom float64) {
	const step = 1. / 64
	for y := -1.5; y <= 1.5; y += step {
		for x := -1.5; x <= 1.5; x += step {
			if shapeDistance(shape, x, y) <= 0 {
				left, right, top, bottom = max(left, -x), max(right, x), max(top, -y), max(bottom, y)
			}
		}
	}
	return left, right, top, bottom
}

func TestObjectsLieInThePictureInOrderAndApart(t *testing.T) {
	reach := make([][4]float64, len(Shapes))
	for shape := range Shapes {
		reach[shape][0], reach[shape][1], reach[shape][2], reach[shape][3] = extent(shape)
	}
	count := map[int]int{}
	for _, objects := range []int{1, 2, 3} {
		source := world(t, objects).Split("all")
		for i := range 1000 {
			scene, _, _ := source.Scene(i)
			n := len(scene.Objects)
			count[n]++
			if n < 1 || n > objects {
				t.Fatalf("scene %d has %d objects, want 1 to %d", i, n, objects)
			}
			if (scene.Arrangement == Alone) != (n == 1) || scene.Arrangement > Column {
				t.Errorf("scene %d of %d objects: arrangement = %d", i, n, scene.Arrangement)
			}
			end := 0.0
			for _, o := range scene.Objects {
				r := reach[o.Shape]
				begin, next := o.X-r[0]*o.Radius, o.X+r[1]*o.Radius // along the arrangement
				across := [2]float64{o.Y - r[2]*o.Radius, o.Y + r[3]*o.Radius}
				if scene.Arrangement == Column {
					begin, next, across = across[0], across[1], [2]float64{begin, next}
				}
				if begin < end {
					t.Errorf("scene %d of %d objects: one begins at %.3f, before the one before ends at %.3f", i, n, begin, end)
				}
				if across[0] < 0 || across[1] > 1 {
					t.Errorf("scene %d of %d objects: one reaches from %.3f to %.3f, want within the picture", i, n, across[0], across[1])
				}
				end = next
			}
			if end > 1 {
				t.Errorf("scene %d of %d objects: the last one ends at %.3f", i, n, end)
			}
		}
	}
	if count[1] < 1000 || count[2] < 500 || count[3] < 200 {
		t.Errorf("scenes by number of objects = %v", count)
	}
}

// The dial of difficulty: without jitter places follow from the arrangement, and more of it spreads them further.
func TestJitterSpreadsPlaces(t *testing.T) {
	spread := func(jitter float64) (x, y float64) {
		s := &Scenes{Config: ScenesConfig{Size: 8, MaxObjects: 1, Jitter: jitter, Seed: 1}}
		for i := range 200 {
			scene, _, _ := s.Split("train").Scene(i)
			x = max(x, math.Abs(scene.Objects[0].X-0.5))
			y = max(y, math.Abs(scene.Objects[0].Y-0.5))
		}
		return x, y
	}
	var lastX, lastY float64
	for i, jitter := range []float64{0, 0.4, 1} {
		x, y := spread(jitter)
		if i == 0 && (x != 0 || y != 0) {
			t.Errorf("single objects are up to (%g,%g) from the middle, want 0 without jitter", x, y)
		}
		if i > 0 && (x <= lastX || y <= lastY) {
			t.Errorf("jitter %g: up to (%g,%g) from the middle, want more than (%g,%g)", jitter, x, y, lastX, lastY)
		}
		lastX, lastY = x, y
	}
}

func TestScenesConfigValidate(t *testing.T) {
	if err := DefaultScenes().Validate(); err != nil {
		t.Error(err)
	}
	for want, cfg := range map[string]ScenesConfig{
		"size = 7":          {Size: 7, MaxObjects: 1},
		"size = -32":        {Size: -32, MaxObjects: 1},
		"max_objects = 0":   {Size: 8},
		"want 1 to 3":       {Size: 8, MaxObjects: 4},
		"max_objects = -2,": {Size: 8, MaxObjects: -2},
		"jitter = 1.5":      {Size: 8, MaxObjects: 1, Jitter: 1.5},
		"jitter = -0.1":     {Size: 8, MaxObjects: 1, Jitter: -0.1},
		"jitter = NaN":      {Size: 8, MaxObjects: 1, Jitter: math.NaN()},
	} {
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := Open("scenes", 4, nil); err == nil {
		t.Error("no error for pictures of 4×4")
	}
}

func TestScenesImplementDataset(t *testing.T) {
	set, err := Open("scenes", 16, nil)
	if err != nil {
		t.Fatal(err)
	}
	if set.Name() != "scenes" {
		t.Errorf("name = %q", set.Name())
	}
	for name, pair := range map[string][2]Source{
		"train":   {set.Train(), world(t, 2).Split("train")},
		"heldout": {set.Heldout(), world(t, 2).Split("heldout")},
	} {
		got, err := pair[0].Sample(5)
		if err != nil {
			t.Fatal(err)
		}
		want, err := pair[1].Sample(5)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%.500s", name, diff)
		}
		if n := pair[0].Len(); n != math.MaxInt {
			t.Errorf("%s: %d samples, want an endless source", name, n)
		}
	}

	// Whatever changes a sample changes the hash.
	base := DefaultScenes()
	hashes := map[string]bool{(&Scenes{Config: base}).Hash(): true}
	for _, edit := range []func(*ScenesConfig){
		func(c *ScenesConfig) { c.Size++ }, func(c *ScenesConfig) { c.MaxObjects++ }, func(c *ScenesConfig) { c.Seed++ },
	} {
		cfg := base
		edit(&cfg)
		hashes[(&Scenes{Config: cfg}).Hash()] = true
	}
	hashes[(&Scenes{Config: FreeScenes()}).Hash()] = true
	if len(hashes) != 5 {
		t.Errorf("hashes of 5 worlds = %v", hashes)
	}
}
