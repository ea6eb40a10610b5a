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
	var pictures [][2]int // the parts of the commonest width; others are rows' names
	byWidth := map[int][][2]int{}
	for _, p := range parts {
		width := p[1] - p[0]
		if byWidth[width] = append(byWidth[width], p); len(byWidth[width]) > len(pictures) {
			pictures = byWidth[width]
		}
	}
	if len(pictures) <= columns {
		return sheet
	}
	kept, whole := img.Bounds(), img.Bounds()
	kept.Max.X = pictures[columns-1][1]
	whole.Max.X = kept.Max.X + parts[0][0] - whole.Min.X // with the margin of the left
	out := image.NewNRGBA(whole)
	draw.Draw(out, whole, image.White, image.Point{}, draw.Src)
	draw.Draw(out, kept, img, kept.Min, draw.Src)
	var b bytes.Buffer
	if png.Encode(&b, out) != nil {
		return sheet
	}
	return b.Bytes()
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
