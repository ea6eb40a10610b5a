package smallpng

import (
	"cmp"
	"image"
	"image/color"
	"maps"
	"math"
	"slices"
)

// nearness is the greatest root mean square distance, of pixels from the palette's colours in RGB, that the eye lets pass.
const nearness = 5.0

// reduce finds a palette for pixels of so many colours, and whether it comes near to them: the colours are cut into boxes by their median
// (Heckbert 1982), the one with the largest squared error first. A box keeps its mean, or its commonest colour where most have it: white
// stays white.
func reduce(pixels map[color.NRGBA]int) (palette color.Palette, near bool) {
	const least, most = 128, 256 // fewer lose the colours of small marks
	boxes := []box{newBox(slices.SortedFunc(maps.Keys(pixels), order), pixels)}
	var weight float64
	for _, n := range pixels {
		weight += float64(n)
	}
	for {
		total, worst := 0.0, 0
		for i, b := range boxes {
			total += b.fault
			if b.fault > boxes[worst].fault {
				worst = i
			}
		}
		near = math.Sqrt(total/weight) <= nearness
		if near && len(boxes) >= least || len(boxes) == most || boxes[worst].fault == 0 {
			break
		}
		low, high := boxes[worst].cut(pixels)
		boxes[worst] = newBox(low, pixels)
		boxes = append(boxes, newBox(high, pixels))
	}
	for _, b := range boxes {
		palette = append(palette, b.kept)
	}
	return palette, near
}

// box is a set of colours and the one that replaces them.
type box struct {
	colours []color.NRGBA
	kept    color.NRGBA
	fault   float64 // squared distance of all pixels from it
}

func newBox(colours []color.NRGBA, pixels map[color.NRGBA]int) box {
	commonest := slices.MaxFunc(colours, func(a, b color.NRGBA) int { return cmp.Or(pixels[a]-pixels[b], order(b, a)) })
	var sum [3]int
	all := 0
	for _, c := range colours {
		n := pixels[c]
		all += n
		for k := range sum {
			sum[k] += n * int(channel(c, k))
		}
	}
	b := box{colours: colours, kept: color.NRGBA{R: mean(sum[0], all), G: mean(sum[1], all), B: mean(sum[2], all), A: 0xff}}
	if 2*pixels[commonest] >= all {
		b.kept = commonest
	}
	for _, c := range colours {
		b.fault += float64(squared(c, b.kept) * pixels[c])
	}
	return b
}

func mean(sum, n int) uint8 { return uint8((sum + n/2) / n) }

func squared(a, b color.NRGBA) (sum int) {
	for k := range 3 {
		d := int(channel(a, k)) - int(channel(b, k))
		sum += d * d
	}
	return sum
}

// cut halves a box of two or more colours: its pixels in the widest channel, but neither half is empty.
func (b box) cut(pixels map[color.NRGBA]int) (low, high []color.NRGBA) {
	widest, width := 0, -1
	for k := range 3 {
		by := func(a, c color.NRGBA) int { return int(channel(a, k)) - int(channel(c, k)) }
		if w := by(slices.MaxFunc(b.colours, by), slices.MinFunc(b.colours, by)); w > width {
			widest, width = k, w
		}
	}
	sorted := slices.SortedFunc(slices.Values(b.colours), func(a, c color.NRGBA) int {
		return cmp.Or(int(channel(a, widest))-int(channel(c, widest)), order(a, c))
	})
	all := 0
	for _, c := range sorted {
		all += pixels[c]
	}
	at, below := 1, pixels[sorted[0]]
	for at < len(sorted)-1 && below < all/2 {
		below += pixels[sorted[at]]
		at++
	}
	return sorted[:at], sorted[at:]
}

func channel(c color.NRGBA, k int) uint8 { return [3]uint8{c.R, c.G, c.B}[k] }

// order is any order of all colours.
func order(a, b color.NRGBA) int {
	return cmp.Or(int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
}

// indexed draws a picture of coarse colours with a palette.
func indexed(rgb *image.RGBA, palette color.Palette) *image.Paletted {
	out := image.NewPaletted(rgb.Bounds(), palette)
	var index [1 << 18]int // 0 where it is not known yet, else one more
	for i := range out.Pix {
		c := color.NRGBA{R: rgb.Pix[4*i], G: rgb.Pix[4*i+1], B: rgb.Pix[4*i+2], A: 0xff}
		at := &index[number(c)]
		if *at == 0 {
			*at = 1 + palette.Index(c)
		}
		out.Pix[i] = uint8(*at - 1)
	}
	return out
}
