package dataset

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// MaxSlots is the largest number of objects in a scene.
const MaxSlots = 3

// Attributes are the facts about a scene in a fixed order, -1 where there is none or a caption leaves it out: number of objects
// less one, arrangement, background, then shape, colour and size of every slot from left to right or top to bottom.
type Attributes [3 + 3*MaxSlots]int

// AttributeNames and AttributeClasses describe the entries of Attributes.
var (
	AttributeNames = []string{
		"count", "arrangement", "background",
		"first shape", "first color", "first size", "second shape", "second color", "second size", "third shape", "third color", "third size",
	}
	AttributeClasses = slices.Concat([]int{MaxSlots, 3, len(Backgrounds)}, slices.Repeat([]int{len(Shapes), len(Colors), len(Sizes)}, MaxSlots))
)

// Attributes tells all facts of the scene.
func (s Scene) Attributes() Attributes {
	a := unstated()
	a[0], a[1], a[2] = len(s.Objects)-1, s.Arrangement, s.Background
	for i, o := range s.Objects {
		a[3+3*i], a[4+3*i], a[5+3*i] = o.Shape, o.Color, o.Size
	}
	return a
}

func unstated() (a Attributes) {
	for i := range a {
		a[i] = -1
	}
	return a
}

// LeavesOpen reports whether a caption that states a leaves attribute i of its picture open. Objects that are not there have none.
func (a Attributes) LeavesOpen(i int) bool { return a[i] < 0 && (i < 3 || (i-3)/3 <= a[0]) }

// Describe writes a caption and tells which attributes it states.
func (s Scene) Describe(r *rand.Rand) (caption string, stated Attributes) {
	all := s.Attributes()
	stated = unstated()
	stated[0], stated[1] = all[0], all[1]

	phrases := make([]string, len(s.Objects))
	for i, o := range s.Objects {
		var words []string
		if r.Float64() < .7 {
			words, stated[5+3*i] = append(words, Sizes[o.Size]), o.Size
		}
		if r.Float64() < .9 {
			words, stated[4+3*i] = append(words, Colors[o.Color].Name), o.Color
		}
		if r.Float64() < .95 {
			words, stated[3+3*i] = append(words, Shapes[o.Shape]), o.Shape
		} else {
			words = append(words, "shape")
		}
		phrases[i] = withArticle(strings.Join(words, " "))
	}

	switch {
	case len(phrases) == 1:
		caption = phrases[0]
	case len(phrases) == 2:
		// "B right of A" says the same as "A left of B".
		relation, swap := [][2]string{Row: {"left of", "right of"}, Column: {"above", "below"}}[s.Arrangement], r.Float64() < .35
		if swap {
			caption = phrases[1] + " " + relation[1] + " " + phrases[0]
		} else {
			caption = phrases[0] + " " + relation[0] + " " + phrases[1]
		}
	default:
		caption = strings.Join(phrases[:2], ", ") + " and " + phrases[2] + " in a " + []string{Row: "row", Column: "column"}[s.Arrangement]
	}
	if r.Float64() < .6 {
		caption, stated[2] = caption+" on a "+Backgrounds[s.Background].Name+" background", s.Background
	}
	if r.Float64() < .2 {
		caption = "a picture of " + caption
	}
	return caption, stated
}

func withArticle(phrase string) string {
	if strings.ContainsRune("aeiou", rune(phrase[0])) {
		return "an " + phrase
	}
	return "a " + phrase
}
