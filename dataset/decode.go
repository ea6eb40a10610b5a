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
	"math"

	"golang.org/x/image/bmp"
	"golang.org/x/image/vp8l"
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
	if e.Format == "WebP" {
		widen(src)
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

// Decode gives the pixels as they are stored: alpha is kept, and the planes of lossy WebP have their narrow range (see widen).
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
	shift(m, e.at)
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

// webpConfig also looks into the lossless picture behind an extended header, for the two may claim different sizes
// and webp.Decode compares them only after it has decoded.
func webpConfig(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	cfg, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return cfg, err
	}
	for id, chunk := range webPChunks(data) {
		switch id {
		case "ANIM":
			return cfg, errors.New("animated, want a still picture")
		case "VP8L":
			inner, err := vp8l.DecodeConfig(bytes.NewReader(chunk))
			if err == nil && (inner.Width != cfg.Width || inner.Height != cfg.Height) {
				err = fmt.Errorf("canvas = %d×%d, picture = %d×%d, want equal", cfg.Width, cfg.Height, inner.Width, inner.Height)
			}
			return cfg, err
		}
	}
	return cfg, nil // no lossless picture; Decode says what is wrong
}

// widen stretches lossy WebP pictures to full range: they store luma in 16 … 235 and chroma in 16 … 240 (BT.601), while
// image.YCbCr, which webp.Decode returns them in, means 0 … 255 (JFIF) and would show them pale.
func widen(m image.Image) {
	var planes *image.YCbCr
	switch m := m.(type) {
	case *image.YCbCr:
		planes = m
	case *image.NYCbCrA:
		planes = &m.YCbCr
	default:
		return
	}
	var luma, chroma [256]uint8
	for i := range 256 {
		luma[i] = uint8(math.Round(min(max(float64(i-16)*255/219, 0), 255)))
		chroma[i] = uint8(math.Round(min(max(float64(i-128)*255/224+128, 0), 255)))
	}
	for i, v := range planes.Y {
		planes.Y[i] = luma[v]
	}
	for i := range planes.Cb {
		planes.Cb[i], planes.Cr[i] = chroma[planes.Cb[i]], chroma[planes.Cr[i]]
	}
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
