package lessons

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/internal/rng"
)

// flagColours are what the stripes of flags are dyed with.
var flagColours = []struct {
	name string
	rgb  [3]float64
}{
	{"red", [3]float64{206, 17, 38}}, {"white", [3]float64{244, 245, 240}}, {"blue", [3]float64{0, 57, 166}},
	{"green", [3]float64{0, 122, 61}}, {"yellow", [3]float64{252, 209, 22}}, {"black", [3]float64{16, 16, 16}},
}

// Flags fills a folder with n captioned pictures of flags with three stripes, in the layout that training takes: PNG files and a
// metadata.jsonl. A folder that has one is left as it is.
func Flags(dir string, n int) error {
	list := filepath.Join(dir, "metadata.jsonl")
	if _, err := os.Stat(list); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var lines, picture bytes.Buffer
	for i := range n {
		flag, caption := flag(i)
		name := fmt.Sprintf("flag-%04d.png", i)
		picture.Reset()
		if err := png.Encode(&picture, flag); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), picture.Bytes(), 0o666); err != nil {
			return err
		}
		if err := json.NewEncoder(&lines).Encode(map[string]string{"file_name": name, "text": caption}); err != nil {
			return err
		}
	}
	return os.WriteFile(list, lines.Bytes(), 0o666) // last: a folder without it is not finished
}

// flag draws picture i: 48×48 pixels, resized when they are read as anybody's would be.
func flag(i int) (image.Image, string) {
	const side = 48
	r := rng.New(1, "notebook/flags", i)
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	upright, kind := r.IntN(2) == 0, "horizontal"
	if upright {
		kind = "vertical"
	}
	edges := [4]int{0, side/3 + r.IntN(9) - 4, 2*side/3 + r.IntN(9) - 4, side} // no two weavers cut alike
	faded := 0.8 + 0.2*r.Float64()
	var names [3]string
	for k, c := range r.Perm(len(flagColours))[:3] {
		stripe := image.Rect(0, edges[k], side, edges[k+1])
		if upright {
			stripe = image.Rect(edges[k], 0, edges[k+1], side)
		}
		rgb := flagColours[c].rgb
		dye := color.RGBA{R: uint8(faded * rgb[0]), G: uint8(faded * rgb[1]), B: uint8(faded * rgb[2]), A: 0xff}
		draw.Draw(img, stripe, image.NewUniform(dye), image.Point{}, draw.Src)
		names[k] = flagColours[c].name
	}
	return img, fmt.Sprintf("a flag of %s stripes: %s, %s and %s", kind, names[0], names[1], names[2])
}
