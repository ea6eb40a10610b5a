package dataset

import (
	"bytes"
	"encoding/hex"
	"image"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func pixels(t *testing.T, data []byte) (rgb []uint8, b image.Rectangle) {
	t.Helper()
	e, err := ReadHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.Decode()
	if err != nil {
		t.Fatal(err)
	}
	b = m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, _ := m.At(x, y).RGBA()
			rgb = append(rgb, uint8(r>>8), uint8(g>>8), uint8(b>>8))
		}
	}
	return rgb, b
}

// Pillow 13.0.0 reads a PNG without its end chunk, or with a part of it, and refuses one without all of its pixels.
func TestPNGWithoutItsEnd(t *testing.T) {
	whole := encodePNG(t, halves(9, 7, red, blue))
	want, _ := pixels(t, whole)
	for _, cut := range []int{1, 5, 11, 12} {
		if got, _ := pixels(t, whole[:len(whole)-cut]); !bytes.Equal(want, got) {
			t.Errorf("without the last %d bytes it decodes to other pixels", cut)
		}
	}
	if _, err := decodeImage(whole[:len(whole)-30], 8); err == nil {
		t.Error("a PNG cut within its pixels is read")
	}
}

// Made by hand; the values are those of Pillow 13.0.0, Image.open(…).convert("RGB").
func TestBMPOf16Bits(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want []uint8
	}{
		"5-5-5": {"424d5a0000000000000036000000280000000500000003000000010010000000000024000000130b0000130b00000000000000000000" +
			"f8c2becf931aed15f5d30000ef2d059d9f3c36ec6d2e0000c75220cd240786de39920000",
			[]uint8{164, 180, 57, 156, 74, 0, 8, 205, 32, 189, 164, 49, 32, 139, 205, 90, 123, 123, 57, 65, 41, 123, 32, 255, 222, 8, 180, 90,
				156, 106, 131, 189, 197, 156, 238, 246, 49, 164, 156, 41, 123, 106, 164, 255, 172}},
		"5-6-5": {"424d660000000000000042000000280000000500000003000000010010000300000024000000130b0000130b00000000000000000000" +
			"00f80000e00700001f000000f8c2becf931aed15f5d30000ef2d059d9f3c36ec6d2e0000c75220cd240786de39920000",
			[]uint8{82, 89, 57, 205, 165, 0, 0, 230, 32, 222, 210, 49, 148, 68, 205, 41, 190, 123, 156, 161, 41, 57, 145, 255, 238, 133, 180, 41,
				206, 106, 197, 93, 197, 205, 246, 246, 24, 80, 156, 16, 190, 106, 213, 125, 172}},
	} {
		data, err := hex.DecodeString(c.file)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := pixels(t, data)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: pixels (-Pillow +got):\n%s", name, diff)
		}
		if _, err := decodeImage(data[:len(data)-8], 8); err == nil {
			t.Errorf("%s: a cut file is read", name)
		}
	}
}

// Pillow 13.0.0 takes a JPEG of four components as inverted ink, with Adobe's marker and without.
func TestCMYKWithoutAdobesMarker(t *testing.T) {
	with := testdata(t, "cmyk.jpg")
	at := bytes.Index(with, []byte("Adobe")) - 4
	without := append(bytes.Clone(with[:at]), with[at+16:]...)
	want, _ := pixels(t, with)
	if got, _ := pixels(t, without); !bytes.Equal(want, got) {
		t.Error("the marker changes the pixels")
	}
}

// animate puts a still lossless WebP on a larger canvas, as the first frame of an animation.
func animate(still []byte, w, h, x, y, canvasW, canvasH int) []byte {
	u24 := func(v int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16)} }
	chunk := func(id string, data []byte) []byte {
		n := len(data)
		return append(append([]byte(id), byte(n), byte(n>>8), byte(n>>16), 0), append(data, make([]byte, n%2)...)...)
	}
	frame := bytes.Join([][]byte{u24(x / 2), u24(y / 2), u24(w - 1), u24(h - 1), u24(80), {0}, still[12:]}, nil)
	head := bytes.Join([][]byte{{2 | 0x10, 0, 0, 0}, u24(canvasW - 1), u24(canvasH - 1)}, nil)
	return chunk("RIFF", bytes.Join([][]byte{[]byte("WEBP"), chunk("VP8X", head), chunk("ANIM", make([]byte, 6)), chunk("ANMF", frame)}, nil))
}

func TestFirstFrameOfAnAnimatedWebP(t *testing.T) {
	still := solidWebP(4, 2, red, image.Point{})
	rgb, b := pixels(t, animate(still, 4, 2, 6, 2, 16, 8))
	if b != image.Rect(6, 2, 10, 4) || rgb[0] != 255 || rgb[1] != 0 {
		t.Errorf("frame = %v, first pixel %v, want red at (6,2)-(10,4)", b, rgb[:3])
	}
	m, err := decodeImage(animate(still, 4, 2, 6, 2, 16, 8), 8)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "green of the frame on the white canvas", m.Pix[(2*8+3)*3+1], 0, 0)
	near(t, "green beside it", m.Pix[1], 255, 0)
	for name, data := range map[string][]byte{
		"a frame beyond the canvas": animate(still, 4, 2, 14, 2, 16, 8), "a canvas of gigapixels": animate(still, 4, 2, 0, 0, 1<<20, 1<<20),
		"a frame of another size than it says": animate(still, 8, 8, 0, 0, 16, 8), "no frame": animate(still, 4, 2, 6, 2, 16, 8)[:44],
	} {
		if _, err := decodeImage(data, 8); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if _, err := decodeImage(testdata(t, "animated.webp"), 8); err != nil {
		t.Error(err)
	}
}
