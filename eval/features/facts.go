package features

import (
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
func (f Facts) Warnings(name string) []string {
	var list []string
	if n := f.Formats["JPEG"]; n > 0 {
		list = append(list, fmt.Sprintf("%s: %d pictures are JPEGs: compression moves FID by several points, compare sets of the same format and quality only", name, n))
	}
	if len(f.Sizes) > 1 {
		sizes := slices.SortedFunc(maps.Keys(f.Sizes), func(a, b [2]int) int { return f.Sizes[b] - f.Sizes[a] })
		var few []string
		for _, s := range sizes[:min(3, len(sizes))] {
			few = append(few, fmt.Sprintf("%d×%d (%d)", s[0], s[1], f.Sizes[s]))
		}
		list = append(list, fmt.Sprintf("%s: pictures of %d sizes, %s: each is resized by itself, small ones get blurred", name, len(sizes), strings.Join(few, ", ")))
	}
	for _, note := range slices.Sorted(maps.Keys(f.Notes)) {
		list = append(list, fmt.Sprintf("%s: %d pictures: %s", name, f.Notes[note], note))
	}
	if f.Repeated > 0 {
		list = append(list, fmt.Sprintf("%s: %d pictures occur more than once", name, f.Repeated))
	}
	return list
}

// Unlike warns where two sets that are compared were kept in different ways.
func Unlike(a, b Collected) []string {
	var list []string
	jpegs := func(c Collected) bool { return 2*c.Facts.Formats["JPEG"] > len(c.Hashes) }
	if len(a.Hashes) == 0 || len(b.Hashes) == 0 {
		return nil
	}
	if jpegs(a) != jpegs(b) {
		list = append(list, fmt.Sprintf("%s and %s: one holds JPEGs and the other does not: the score measures compression too", a.Name, b.Name))
	}
	if x, y := a.Facts.usual(), b.Facts.usual(); x != y {
		list = append(list, fmt.Sprintf("%s and %s: most pictures are %d×%d and %d×%d: the score measures resizing too", a.Name, b.Name, x[0], x[1], y[0], y[1]))
	}
	there := map[pictures.Hash]bool{}
	for _, h := range a.Hashes {
		there[h] = true
	}
	shared := 0
	for _, h := range b.Hashes {
		if there[h] {
			shared++
		}
	}
	if shared > 0 {
		list = append(list, fmt.Sprintf("%s and %s: %d pictures are in both", a.Name, b.Name, shared))
	}
	return list
}

func (f Facts) usual() (size [2]int) {
	most := 0
	for s, n := range f.Sizes {
		if n > most || n == most && s[0]*s[1] > size[0]*size[1] {
			size, most = s, n
		}
	}
	return size
}
