package show

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
)

// Narrow keeps the first columns of a sheet of pictures with what stands left of them: whole sheets of many axes are more than a notebook
// holds. Columns are found by the white between them; where there are none, the sheet stays as it is.
func Narrow(sheet []byte, columns int) []byte {
	img, err := png.Decode(bytes.NewReader(sheet))
	if err != nil {
		return sheet
	}
	parts := inked(img)
	pictures, times := 0, map[int]int{} // the commonest width; other parts are rows' names
	for _, p := range parts {
		width := p[1] - p[0]
		if times[width]++; times[width] > times[pictures] {
			pictures = width
		}
	}
	bounds, seen := img.Bounds(), 0
	for i, p := range parts {
		if p[1]-p[0] != pictures {
			continue
		}
		if seen++; seen == columns && i+1 < len(parts) {
			cut := image.Rect(bounds.Min.X, bounds.Min.Y, p[1]+parts[0][0]-bounds.Min.X, bounds.Max.Y) // with the margin of the left
			out := image.NewNRGBA(cut)
			draw.Draw(out, cut, image.White, image.Point{}, draw.Src)
			draw.Draw(out, image.Rect(bounds.Min.X, bounds.Min.Y, p[1], bounds.Max.Y), img, bounds.Min, draw.Src)
			var b bytes.Buffer
			if png.Encode(&b, out) != nil {
				return sheet
			}
			return b.Bytes()
		}
	}
	return sheet
}

// inked are the ranges of x in which a picture is not white from top to bottom. Letters stand close: less than word is no gap.
func inked(img image.Image) (ranges [][2]int) {
	const word = 8
	bounds := img.Bounds()
	for x := bounds.Min.X; x < bounds.Max.X; x++ {
		white := true
		for y := bounds.Min.Y; y < bounds.Max.Y && white; y++ {
			white = color.NRGBAModel.Convert(img.At(x, y)) == color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
		}
		switch last := len(ranges) - 1; {
		case white:
		case last >= 0 && x-ranges[last][1] < word:
			ranges[last][1] = x + 1
		default:
			ranges = append(ranges, [2]int{x, x + 1})
		}
	}
	return ranges
}
