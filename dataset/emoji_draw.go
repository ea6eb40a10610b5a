package dataset

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"slices"
	"strings"

	"golang.org/x/image/draw"

	"github.com/addlab/addlab/internal/rng"
)

var (
	emojiTones       = []string{"yellow", "light", "medium-light", "medium", "medium-dark", "dark"}
	emojiBackgrounds = []named{
		{"white", [3]float64{.95, .95, .95}}, {"gray", [3]float64{.56, .56, .56}}, {"black", [3]float64{.07, .07, .07}}, {"red", [3]float64{.78, .25, .25}},
		{"yellow", [3]float64{.95, .88, .55}}, {"green", [3]float64{.42, .68, .45}}, {"blue", [3]float64{.33, .50, .84}}, {"pink", [3]float64{.95, .72, .82}},
	}
)

// emojiItem is a picture of the world.
type emojiItem struct {
	concept, background int
	picture             emojiPicture
	tint                [3]float64
	side, x, y          int // place of the emoji, in pixels
}

// seed of the world: which picture belongs to which index.
const emojiSeed = 1

// item is picture i of the split. Captions of new pairs state everything, for what they left out would make them known ones.
func (s emojiSource) item(i int) (emojiItem, Facts) {
	r := rng.New(emojiSeed, "emoji/"+s.split, i)
	concepts := s.world.splits[s.split]
	item := s.random(r, concepts[r.IntN(len(concepts))], slices.Repeat([]int{-1}, emojiAttributes))
	return item, s.world.describe(r, item, s.split == "stated" || s.split == "novel")
}

// Alike implements Grouped: a picture of the same concept within the split that the caption of picture i fits as well.
func (s emojiSource) Alike(i, k int) (Sample, error) {
	item, facts := s.item(i)
	if k > 0 {
		item = s.random(rng.New(emojiSeed, fmt.Sprintf("emoji/%s/alike/%d", s.split, k), i), item.concept, facts.States)
	}
	return Sample{Image: s.world.paint(item), Caption: facts.Caption}, nil
}

// random draws what is not wanted of a concept's pictures.
func (s emojiSource) random(r *rand.Rand, concept int, want []int) emojiItem {
	fits := func(p emojiPicture) bool {
		return s.shows(concept, p.Style) && (want[styleAttribute] < 0 || p.Style == want[styleAttribute]) && (want[toneAttribute] < 0 || p.Tone == want[toneAttribute])
	}
	styles := s.world.styles(concept, fits)
	style := styles[r.IntN(len(styles))]
	var pictures []emojiPicture
	for _, p := range s.world.concepts[concept].Pictures {
		if p.Style == style && fits(p) {
			pictures = append(pictures, p)
		}
	}
	item := emojiItem{concept: concept, picture: pictures[r.IntN(len(pictures))], background: r.IntN(len(emojiBackgrounds)), tint: tint(r, .04)}
	if b := want[backgroundAttribute]; b >= 0 {
		item.background = b
	}
	// Between ¾ and all of the side, and anywhere that keeps it whole.
	size := s.world.size
	item.side = size - r.IntN(size/4+1)
	item.x, item.y = r.IntN(size-item.side+1), r.IntN(size-item.side+1)
	return item
}

// paint puts the emoji onto its background.
func (w *Emoji) paint(item emojiItem) Image {
	const area = emojiSide * emojiSide * 4
	row := item.picture.Row
	src := &image.RGBA{Pix: w.pix[row*area : (row+1)*area], Stride: 4 * emojiSide, Rect: image.Rect(0, 0, emojiSide, emojiSide)}
	dst := image.NewRGBA(image.Rect(0, 0, w.size, w.size))
	rgb := shade(emojiBackgrounds[item.background].RGB, item.tint)
	plain := color.RGBA{uint8(255*rgb[0] + .5), uint8(255*rgb[1] + .5), uint8(255*rgb[2] + .5), 255}
	draw.Draw(dst, dst.Rect, image.NewUniform(plain), image.Point{}, draw.Src)
	at := image.Rect(item.x, item.y, item.x+item.side, item.y+item.side)
	draw.CatmullRom.Scale(dst, at, src, src.Rect, draw.Over, nil)
	return Image{Size: w.size, Pix: opaque(dst)}
}

// opaque gives the colours of a picture without transparent parts, [S,S,3].
func opaque(m *image.RGBA) []float32 {
	pix := make([]float32, 0, len(m.Pix)/4*3)
	for p := m.Pix; len(p) > 0; p = p[4:] {
		pix = append(pix, levels[p[0]], levels[p[1]], levels[p[2]])
	}
	return pix
}

// describe writes a caption: the concept's name, or some of its keywords, then tone of skin, style and background, each left out of half of
// the captions. If full, it states everything. Keywords state neither concept nor category, but do not leave them open either.
func (w *Emoji) describe(r *rand.Rand, item emojiItem, full bool) Facts {
	c := w.concepts[item.concept]
	f := Facts{Shows: []int{item.picture.Style, item.concept, w.category[item.concept], -1, item.background}, Open: make([]bool, emojiAttributes)}
	if slices.ContainsFunc(c.Pictures, func(p emojiPicture) bool { return p.Tone > 0 }) {
		f.Shows[toneAttribute] = item.picture.Tone
	}
	f.States = slices.Repeat([]int{-1}, emojiAttributes)
	keywords := slices.Clone(c.Keywords)
	r.Shuffle(len(keywords), func(i, j int) { keywords[i], keywords[j] = keywords[j], keywords[i] })
	subject := r.Float64()
	if named := full || subject >= .15 || len(keywords) < 2; named {
		f.States[conceptAttribute], f.States[categoryAttribute] = f.Shows[conceptAttribute], f.Shows[categoryAttribute]
		keywords = keywords[:min(len(keywords), r.IntN(2))]
		if full || subject < .7 {
			keywords = nil
		}
		keywords = append([]string{c.Name}, keywords...)
	} else {
		keywords = keywords[:min(len(keywords), 2+r.IntN(2))]
	}
	parts := keywords
	for _, p := range []struct {
		attribute int
		words     string
	}{{toneAttribute, "skin tone"}, {styleAttribute, "style"}, {backgroundAttribute, "background"}} {
		state := r.Float64() < .5
		shown := f.Shows[p.attribute]
		if shown < 0 {
			continue
		}
		if f.Open[p.attribute] = !state && !full; !f.Open[p.attribute] {
			f.States[p.attribute] = shown
			parts = append(parts, w.attributes[p.attribute].Values[shown]+" "+p.words)
		}
	}
	f.Caption = strings.Join(parts, ", ")
	return f
}
