package lessons

import (
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
	rgb  color.RGBA
}{
	{"red", color.RGBA{R: 0xce, G: 0x11, B: 0x26, A: 0xff}}, {"white", color.RGBA{R: 0xf4, G: 0xf5, B: 0xf0, A: 0xff}},
	{"blue", color.RGBA{R: 0x00, G: 0x39, B: 0xa6, A: 0xff}}, {"green", color.RGBA{R: 0x00, G: 0x7a, B: 0x3d, A: 0xff}},
	{"yellow", color.RGBA{R: 0xfc, G: 0xd1, B: 0x16, A: 0xff}}, {"black", color.RGBA{R: 0x10, G: 0x10, B: 0x10, A: 0xff}},
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
	var lines []byte
	for i := range n {
		picture, caption := flag(i)
		name := fmt.Sprintf("flag-%04d.png", i)
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := png.Encode(f, picture); err != nil {
			f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		line, err := json.Marshal(map[string]string{"file_name": name, "text": caption})
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	return os.WriteFile(list, lines, 0o666) // last: a folder without it is not finished
}

// flag draws picture i: 48×48 pixels, resized when they are read as anybody's would be.
func flag(i int) (image.Image, string) {
	const side = 48
	r := rng.New(1, "notebook/flags", i)
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	upright := r.IntN(2) == 0
	edges := [4]int{0, side/3 + r.IntN(9) - 4, 2*side/3 + r.IntN(9) - 4, side} // no two weavers cut alike
	faded := 0.8 + 0.2*r.Float64()
	var names [3]string
	for k, c := range r.Perm(len(flagColours))[:3] {
		names[k] = flagColours[c].name
		stripe := image.Rect(0, edges[k], side, edges[k+1])
		if upright {
			stripe = image.Rect(edges[k], 0, edges[k+1], side)
		}
		draw.Draw(img, stripe, image.NewUniform(fade(flagColours[c].rgb, faded)), image.Point{}, draw.Src)
	}
	kind := "horizontal"
	if upright {
		kind = "vertical"
	}
	return img, fmt.Sprintf("a flag of %s stripes: %s, %s and %s", kind, names[0], names[1], names[2])
}

// fade dims a colour.
func fade(c color.RGBA, by float64) color.RGBA {
	dim := func(v uint8) uint8 { return uint8(by * float64(v)) }
	return color.RGBA{R: dim(c.R), G: dim(c.G), B: dim(c.B), A: 0xff}
}
