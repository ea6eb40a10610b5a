package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

// maxPixels is the largest picture that is decoded: a few hundred bytes can claim gigapixels.
const maxPixels = 64 << 20

// formats are tried in order; '?' in magic matches any byte. Animations give their first frame.
var formats = []struct {
	name, magic string
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
}{
	{"PNG", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"JPEG", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"WebP", "RIFF????WEBP", webpConfig, webp.Decode},
	{"GIF", "GIF8", gif.DecodeConfig, gif.Decode},
	{"BMP", "BM", bmp.DecodeConfig, bmp.Decode},
}

// decodeRGB reads a PNG, JPEG, WebP, GIF or BMP picture and fits it to [size,size,3] bytes: the shorter side becomes size and the
// centre is kept. Transparent parts (emoji are drawn on nothing) show white. Values are resampled as stored, as most image libraries
// do: colour profiles, gamma and EXIF orientation are not applied.
func decodeRGB(data []byte, size int) ([]uint8, error) {
	e, err := ReadHeader(data)
	if err != nil {
		return nil, err
	}
	src, err := e.Decode()
	if err != nil {
		return nil, err
	}
	if canvas := image.Rect(0, 0, e.Width, e.Height); src.Bounds() != canvas {
		whole := image.NewNRGBA(canvas)
		draw.Draw(whole, src.Bounds(), src, src.Bounds().Min, draw.Src)
		src = whole
	}
	return fit(src, size), nil
}

// Encoded is a picture of which the header has been read.
type Encoded struct {
	Format        string // PNG, JPEG, WebP, GIF or BMP
	Width, Height int

	data   []byte
	at     image.Point // of the frame on the canvas
	decode func(io.Reader) (image.Image, error)
}

// ReadHeader tells format and size of a picture without decoding it. What is not known, empty or too large to decode is refused.
func ReadHeader(data []byte) (Encoded, error) {
	if len(data) == 0 {
		return Encoded{}, errors.New("empty file")
	}
	i := formatOf(data)
	if i < 0 {
		return Encoded{}, errors.New("picture format not known, want PNG, JPEG, WebP, GIF or BMP")
	}
	f := formats[i]
	e := Encoded{Format: f.name, data: mended(f.name, data), decode: f.decode}
	frame, animated := firstWebPFrame(data)
	if animated {
		e.data, e.at = frame.still, frame.at
	}
	cfg, err := f.config(bytes.NewReader(e.data))
	if err != nil {
		return Encoded{}, fmt.Errorf("%s: %w", f.name, err)
	}
	size := image.Pt(cfg.Width, cfg.Height)
	if animated {
		if end := frame.at.Add(size); end.X > frame.canvas.X || end.Y > frame.canvas.Y {
			return Encoded{}, fmt.Errorf("%s: frame = %v at %v, want it on the canvas of %v", f.name, size, frame.at, frame.canvas)
		}
		size = frame.canvas
	}
	if size.X < 1 || size.Y < 1 || size.Y > maxPixels/size.X {
		return Encoded{}, fmt.Errorf("%s: picture = %d×%d, want 1 … %d pixels", f.name, size.X, size.Y, maxPixels)
	}
	e.Width, e.Height = size.X, size.Y
	return e, nil
}

// Decode gives the pixels as they are stored, with alpha. WebP is converted as by libwebp.
// The bounds of an animation's first frame are its place on the canvas.
func (e Encoded) Decode() (m image.Image, err error) {
	defer func() { // a decoder that panics on a damaged file must not end a long run
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("%s: damaged: %v", e.Format, r)
		}
	}()
	m, err = e.decode(bytes.NewReader(e.data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Format, err)
	}
	if e.Format == "WebP" {
		still := fromPlanes(m)
		still.Rect = still.Rect.Add(e.at)
		return still, nil
	}
	return m, nil
}

// formatOf finds the format of a file by its first bytes; -1 where it is none that is read.
func formatOf(data []byte) int {
	for i, f := range formats {
		if hasMagic(data, f.magic) {
			return i
		}
	}
	return -1
}

func hasMagic(data []byte, magic string) bool {
	if len(data) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != data[i] {
			return false
		}
	}
	return true
}

// levels maps a byte to [-1,1].
var levels = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(i)/127.5 - 1
	}
	return t
}()

func toImage(rgb []uint8, size int) Image {
	pix := make([]float32, len(rgb))
	for i, v := range rgb {
		pix[i] = levels[v]
	}
	return Image{Size: size, Pix: pix}
}
