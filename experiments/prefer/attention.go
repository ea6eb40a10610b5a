package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
)

// How a pair that checks attention is broken.
const (
	noiseBeside  = "noise"         // one side is noise
	otherCaption = "other-caption" // one side shows something else
)

// check is a pair with a side that nobody who looks can prefer. Its pictures come from the built-in world and not from the methods: these
// may be broken themselves, and whoever says so would fail.
type check struct {
	kind           string
	caption        string
	intact, broken []byte
}

// checksFrom is the number of scenes that checks are drawn from.
const checksFrom = 10_000

func newCheck(r *rand.Rand) (c check, err error) {
	world := &dataset.Scenes{Config: dataset.DefaultScenes()}
	source := world.Split("stated") // captions that leave nothing open
	scene, caption, is := source.Scene(r.IntN(checksFrom))
	c.caption, c.kind = caption, []string{noiseBeside, otherCaption}[r.IntN(2)]
	size := world.Config.Size
	if c.intact, err = encode(drawn(scene.Draw(size))); err != nil {
		return c, err
	}
	broken := extractor.RGB{Width: size, Height: size, Pix: make([]uint8, size*size*3)}
	for i := range broken.Pix {
		broken.Pix[i] = uint8(r.IntN(256))
	}
	for c.kind == otherCaption {
		other, _, shows := source.Scene(r.IntN(checksFrom))
		// Number of objects, background, and shape and colour of the first one.
		if is[0] != shows[0] && is[2] != shows[2] && is[3] != shows[3] && is[4] != shows[4] {
			broken = drawn(other.Draw(size))
			break
		}
	}
	c.broken, err = encode(broken)
	return c, err
}

func drawn(m dataset.Image) extractor.RGB { return pictures.EightBits(m.Pix, m.Size) }

// encode writes every picture the same way, so that its file does not tell where it is from.
func encode(rgb extractor.RGB) ([]byte, error) {
	m := image.NewNRGBA(image.Rect(0, 0, rgb.Width, rgb.Height))
	for i := range rgb.Width * rgb.Height {
		m.SetNRGBA(i%rgb.Width, i/rgb.Width, color.NRGBA{rgb.Pix[3*i], rgb.Pix[3*i+1], rgb.Pix[3*i+2], 255})
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}
