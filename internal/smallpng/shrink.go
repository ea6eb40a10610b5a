// Package smallpng encodes pictures in fewer bytes than the standard library does, for pages and notebooks.
package smallpng

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"maps"
	"math"
	"slices"
)

// Shrink encodes a picture anew in fewer bytes. What cannot be decoded, or has a palette already, stays as it is.
func Shrink(picture []byte) []byte {
	img, err := png.Decode(bytes.NewReader(picture))
	if _, done := img.(*image.Paletted); err != nil || done {
		return picture
	}
	var b bytes.Buffer
	if err := Encode(&b, img); err != nil || b.Len() >= len(picture) {
		return picture
	}
	return b.Bytes()
}

// Encode writes an opaque picture in few bytes: sixty-four shades per channel suffice the eye, and where a palette comes near enough to all
// colours, it holds them.
func Encode(w io.Writer, img image.Image) error {
	bounds := img.Bounds()
	coarse := image.NewRGBA(bounds)
	draw.Draw(coarse, bounds, img, bounds.Min, draw.Src)
	var counts [1 << 18]int
	for i := 0; i < len(coarse.Pix); i += 4 {
		pix := coarse.Pix[i : i+4]
		for k, v := range pix[:3] { // six bits of every channel; black and white stay what they are
			pix[k] = v&0xfc | v>>6
		}
		pix[3] = 0xff
		counts[rgb(pix[:3]).number()]++
	}
	pixels := map[rgb]int{}
	for i := 0; i < len(coarse.Pix); i += 4 {
		if c := rgb(coarse.Pix[i : i+3]); counts[c.number()] > 0 {
			pixels[c], counts[c.number()] = counts[c.number()], 0
		}
	}
	// The best compression takes ten times as long for a tenth of the bytes.
	if palette, near := reduce(pixels); near {
		return png.Encode(w, indexed(coarse, palette))
	}
	return png.Encode(w, coarse)
}

// rgb is an opaque colour.
type rgb [3]uint8

func (c rgb) opaque() color.NRGBA { return color.NRGBA{R: c[0], G: c[1], B: c[2], A: 0xff} }

// number counts coarse colours from 0 to 64³−1.
func (c rgb) number() int { return int(c[0]>>2)<<12 | int(c[1]>>2)<<6 | int(c[2]>>2) }

func (c rgb) compare(d rgb) int { return slices.Compare(c[:], d[:]) }

// nearness is the greatest root mean square distance, of pixels from the palette's colours in RGB, that the eye lets pass.
const nearness = 5.0

// reduce finds a palette for pixels of so many colours, and whether it comes near to them: the colours are cut into boxes by their median
// (Heckbert 1982), the one with the largest squared error first. A box keeps its mean, or its commonest colour where most have it: white
// stays white.
func reduce(pixels map[rgb]int) (palette color.Palette, near bool) {
	const least, most = 128, 256 // fewer lose the colours of small marks
	boxes := []box{newBox(slices.SortedFunc(maps.Keys(pixels), rgb.compare), pixels)}
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
		palette = append(palette, b.kept.opaque())
	}
	return palette, near
}

// box is a set of colours and the one that replaces them.
type box struct {
	colours []rgb
	kept    rgb
	fault   float64 // squared distance of all pixels from it
}

func newBox(colours []rgb, pixels map[rgb]int) box {
	commonest := slices.MaxFunc(colours, func(a, b rgb) int { return cmp.Or(pixels[a]-pixels[b], b.compare(a)) })
	var sum [3]int
	all := 0
	for _, c := range colours {
		n := pixels[c]
		all += n
		for k := range sum {
			sum[k] += n * int(c[k])
		}
	}
	b := box{colours: colours}
	for k := range sum {
		b.kept[k] = uint8((sum[k] + all/2) / all)
	}
	if 2*pixels[commonest] >= all {
		b.kept = commonest
	}
	for _, c := range colours {
		b.fault += float64(squared(c, b.kept) * pixels[c])
	}
	return b
}

func squared(a, b rgb) (sum int) {
	for k := range a {
		d := int(a[k]) - int(b[k])
		sum += d * d
	}
	return sum
}

// cut halves a box of two or more colours: its pixels in the widest channel, but neither half is empty.
func (b box) cut(pixels map[rgb]int) (low, high []rgb) {
	widest, width := 0, -1
	for k := range 3 {
		by := func(a, c rgb) int { return int(a[k]) - int(c[k]) }
		if w := by(slices.MaxFunc(b.colours, by), slices.MinFunc(b.colours, by)); w > width {
			widest, width = k, w
		}
	}
	sorted := slices.SortedFunc(slices.Values(b.colours), func(a, c rgb) int { return cmp.Or(int(a[widest])-int(c[widest]), a.compare(c)) })
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

// indexed draws a picture of coarse colours with a palette.
func indexed(img *image.RGBA, palette color.Palette) *image.Paletted {
	out := image.NewPaletted(img.Bounds(), palette)
	var index [1 << 18]int // 0 where it is not known yet, else one more
	for i := range out.Pix {
		c := rgb(img.Pix[4*i : 4*i+3])
		at := &index[c.number()]
		if *at == 0 {
			*at = 1 + palette.Index(c.opaque())
		}
		out.Pix[i] = uint8(*at - 1)
	}
	return out
}
