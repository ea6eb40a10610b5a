package features

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval/pictures"
)

// Facts is what was seen of the pictures of a set, for the warnings.
type Facts struct {
	Formats  map[string]int // pictures by format
	Sizes    map[[2]int]int // pictures by width and height
	Notes    map[string]int // peculiarities of single pictures
	Repeated int            // pictures whose content another one has too
}

func (f *Facts) add(c pictures.Content, repeated bool) {
	if f.Formats == nil {
		f.Formats, f.Sizes, f.Notes = map[string]int{}, map[[2]int]int{}, map[string]int{}
	}
	f.Formats[c.Format]++
	f.Sizes[[2]int{c.Width, c.Height}]++
	if c.Note != "" {
		f.Notes[c.Note]++
	}
	if repeated {
		f.Repeated++
	}
}

// Warnings say what makes the score of a set doubtful.
func (f Facts) Warnings(name string) (list []string) {
	warn := func(format string, args ...any) { list = append(list, name+": "+fmt.Sprintf(format, args...)) }
	if n := f.Formats["JPEG"]; n > 0 {
		warn("%d pictures are JPEGs: compression moves FID by several points, compare sets of the same format and quality only", n)
	}
	if sizes := f.sizes(); len(sizes) > 1 {
		var few []string
		for _, s := range sizes[:min(3, len(sizes))] {
			few = append(few, fmt.Sprintf("%d×%d (%d)", s[0], s[1], f.Sizes[s]))
		}
		warn("pictures of %d sizes, %s: each is resized by itself, small ones get blurred", len(sizes), strings.Join(few, ", "))
	}
	for _, note := range slices.Sorted(maps.Keys(f.Notes)) {
		warn("%d pictures: %s", f.Notes[note], note)
	}
	if f.Repeated > 0 {
		warn("%d pictures occur more than once", f.Repeated)
	}
	return list
}

// Unlike warns where two sets that are compared were kept in different ways.
func Unlike(a, b Collected) (list []string) {
	if len(a.Hashes) == 0 || len(b.Hashes) == 0 {
		return nil
	}
	warn := func(format string, args ...any) {
		list = append(list, fmt.Sprintf("%s and %s: ", a.Name, b.Name)+fmt.Sprintf(format, args...))
	}
	jpegs := func(c Collected) bool { return 2*c.Facts.Formats["JPEG"] > len(c.Hashes) }
	if jpegs(a) != jpegs(b) {
		warn("one holds JPEGs and the other does not: the score measures compression too")
	}
	if x, y := a.Facts.sizes()[0], b.Facts.sizes()[0]; x != y {
		warn("most pictures are %d×%d and %d×%d: the score measures resizing too", x[0], x[1], y[0], y[1])
	}
	there := map[pictures.Hash]bool{}
	for _, h := range a.Hashes {
		there[h] = true
	}
	var shared []string
	for i, h := range b.Hashes {
		if there[h] {
			shared = append(shared, b.Names[i])
		}
	}
	if len(shared) > 0 {
		warn("pictures in both: %d, the first is %s", len(shared), shared[0])
	}
	return list
}

// sizes are the most frequent first, of equally frequent ones the larger.
func (f Facts) sizes() [][2]int {
	return slices.SortedFunc(maps.Keys(f.Sizes), func(a, b [2]int) int {
		return cmp.Or(f.Sizes[b]-f.Sizes[a], b[0]*b[1]-a[0]*a[1], b[0]-a[0])
	})
}
