package dataset

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	red     = color.NRGBA{255, 0, 0, 255}
	blue    = color.NRGBA{0, 0, 255, 255}
	nothing = color.NRGBA{}
)

// halves paints the left half of a picture with one colour and the right half with another.
func halves(w, h int, left, right color.Color) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := left
			if x >= w/2 {
				c = right
			}
			m.Set(x, y, c)
		}
	}
	return m
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeGIF(t testing.TB, g *gif.GIF) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// solidWebP writes a lossless WebP of one colour: every Huffman code has one symbol, so that a picture of any size takes
// a few bytes. A canvas that is not empty adds an extended header that claims that size.
func solidWebP(w, h int, c color.NRGBA, canvas image.Point) []byte {
	var bits []byte
	n := 0
	put := func(v uint32, count int) {
		for i := range count {
			if n%8 == 0 {
				bits = append(bits, 0)
			}
			bits[n/8] |= byte(v>>i&1) << (n % 8)
			n++
		}
	}
	put(0x2f, 8)
	put(uint32(w-1), 14)
	put(uint32(h-1), 14)
	put(1, 1) // alpha is used
	put(0, 3) // version
	put(0, 3) // no transform, no colour cache, no meta codes
	for _, symbol := range []uint8{c.G, c.R, c.B, c.A, 0} {
		put(0b101, 3) // simple code, one symbol, of eight bits
		put(uint32(symbol), 8)
	}
	chunk := func(id string, data []byte) []byte {
		b := append([]byte(id), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
		return append(append(b, data...), make([]byte, len(data)%2)...)
	}
	body := []byte("WEBP")
	if canvas != (image.Point{}) {
		x := make([]byte, 10)
		binary.LittleEndian.PutUint32(x[4:], uint32(canvas.X-1))
		x[7], x[8], x[9] = byte(canvas.Y-1), byte((canvas.Y-1)>>8), 0
		body = append(body, chunk("VP8X", x)...)
	}
	return chunk("RIFF", append(body, chunk("VP8L", bits)...))
}

// hugePNG is a header that claims w×h pixels, and nothing behind it.
func hugePNG(w, h uint32) []byte {
	head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	head = append(head, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(b, head...), crc32.ChecksumIEEE(head))
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecodeReadsEveryKindOfPicture(t *testing.T) {
	gray16 := image.NewGray16(image.Rect(0, 0, 8, 8))
	deep := image.NewNRGBA64(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		gray16.SetGray16(i%8, i/8, color.Gray16{0x8080})
		deep.SetNRGBA64(i%8, i/8, color.NRGBA64{0xffff, 0x8080, 0, 0xffff})
	}
	gray := image.NewGray(image.Rect(0, 0, 8, 8))
	palette := color.Palette{color.White, red, blue, nothing}
	// Two frames; the first covers only the right half of the canvas, the rest stays transparent.
	right, second := image.NewPaletted(image.Rect(4, 0, 8, 8), palette), image.NewPaletted(image.Rect(0, 0, 8, 8), palette)
	for i := range right.Pix {
		right.Pix[i] = 1
	}
	offset := &gif.GIF{Image: []*image.Paletted{right, second}, Delay: []int{1, 1}, Config: image.Config{Width: 8, Height: 8}}

	white, black := [3]uint8{255, 255, 255}, [3]uint8{}
	r, b := [3]uint8{255, 0, 0}, [3]uint8{0, 0, 255}
	for _, c := range []struct {
		name        string
		data        []byte
		left, right [3]uint8
		tolerance   int
	}{
		{"opaque PNG", encodePNG(t, halves(8, 8, red, blue)), r, b, 0},
		{"transparent PNG shows white", encodePNG(t, halves(8, 8, red, nothing)), r, white, 0},
		{"half transparent PNG is mixed with white", encodePNG(t, halves(8, 8, red, color.NRGBA{0, 0, 0, 128})), r, [3]uint8{127, 127, 127}, 0},
		{"PNG with a palette", encodePNG(t, second), white, white, 0},
		{"gray PNG", encodePNG(t, gray), black, black, 0},
		{"gray PNG of 16 bit", encodePNG(t, gray16), [3]uint8{128, 128, 128}, [3]uint8{128, 128, 128}, 0},
		{"colour PNG of 16 bit", encodePNG(t, deep), [3]uint8{255, 128, 0}, [3]uint8{255, 128, 0}, 0},
		{"JPEG", encodeJPEG(t, halves(32, 32, red, blue)), r, b, 3},
		{"gray JPEG", encodeJPEG(t, gray), black, black, 1},
		{"CMYK JPEG", testdata(t, "cmyk.jpg"), r, [3]uint8{0, 255, 0}, 12},
		{"first frame of a GIF, at its place", encodeGIF(t, offset), white, r, 0},
		{"lossless WebP", solidWebP(8, 8, blue, image.Point{}), b, b, 0},
		{"transparent lossless WebP", solidWebP(8, 8, color.NRGBA{255, 0, 0, 0}, image.Point{}), white, white, 0},
		{"lossless WebP with an extended header", solidWebP(8, 8, red, image.Pt(8, 8)), r, r, 0},
		{"lossy WebP with alpha", testdata(t, "lossy-alpha.webp"), b, white, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 8, 32} {
				m, err := decodeImage(c.data, size)
				if err != nil {
					t.Fatal(err)
				}
				if m.Size != size || len(m.Pix) != size*size*3 {
					t.Fatalf("picture = %d with %d values, want %d×%d×3", m.Size, len(m.Pix), size, size)
				}
				if size < 8 {
					continue // the halves mix
				}
				row := m.Pix[size/2*size*3:]
				for k := range 3 {
					near(t, "left", row[k], c.left[k], c.tolerance)
					near(t, "right", row[(size-1)*3+k], c.right[k], c.tolerance)
				}
			}
		})
	}
}

func near(t *testing.T, what string, got float32, want uint8, tolerance int) {
	t.Helper()
	if v := (got + 1) * 127.5; v < float32(want)-float32(tolerance)-.01 || v > float32(want)+float32(tolerance)+.01 {
		t.Errorf("%s = %.2f, want %d ± %d", what, v, want, tolerance)
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := encodePNG(t, halves(8, 8, red, blue))
	bigGIF := append([]byte("GIF89a"), 0xff, 0xff, 0xff, 0xff, 0, 0, 0)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "empty file"},
		{"text", []byte("<svg/>"), "not known, want PNG"},
		{"a picture that is cut off", whole[:len(whole)-20], "unexpected EOF"},
		{"a PNG of terapixels", hugePNG(1<<20, 1<<20), "picture = 1048576×1048576, want 1 … 67108864 pixels"},
		{"a PNG just over the limit", hugePNG(8193, 8192), "want 1 … 67108864 pixels"},
		{"a GIF of gigapixels", bigGIF, "picture = 65535×65535"},
		{"a WebP of 268 megapixels in 46 bytes", solidWebP(16384, 16384, red, image.Point{}), "picture = 16384×16384"},
		{"a WebP that hides them behind a small canvas", solidWebP(16384, 16384, red, image.Pt(8, 8)), "canvas = 8×8, picture = 16384×16384"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := decodeImage(c.data, 8); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
	if _, err := Open("scenes", 0, nil); err == nil || !strings.Contains(err.Error(), "size = 0, want 1 … 1024") {
		t.Errorf("error = %v, want the size named", err)
	}
}

func TestDecodeKeepsPicturesOfTheRightSize(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 37)
		if i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	got, err := decodeRGB(encodePNG(t, m), 16)
	if err != nil {
		t.Fatal(err)
	}
	var want []uint8
	for i := 0; i < len(m.Pix); i += 4 {
		want = append(want, m.Pix[i:i+3]...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pixels (-want +got):\n%s", diff)
	}
	for v, x := range levels {
		if back := int((x+1)*127.5 + .5); back != v {
			t.Errorf("level %d comes back as %d", v, back)
		}
	}
}

// decodeImage is decodeRGB to values.
func decodeImage(data []byte, size int) (Image, error) {
	rgb, err := decodeRGB(data, size)
	return toImage(rgb, size), err
}

// FuzzDecode: whatever the bytes, an error or a picture of the right size, and no panic.
func FuzzDecode(f *testing.F) {
	f.Add(encodePNG(f, halves(3, 5, red, nothing)))
	f.Add(encodeJPEG(f, halves(9, 4, red, blue)))
	f.Add(encodeGIF(f, &gif.GIF{Image: []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{red, blue})}, Delay: []int{0}}))
	f.Add(solidWebP(4, 4, blue, image.Pt(4, 4)))
	f.Add(testdata(f, "lossy-alpha.webp"))
	f.Add(hugePNG(1, 1))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8X"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decodeImage(data, 8)
		if err == nil && (m.Size != 8 || len(m.Pix) != 8*8*3) {
			t.Errorf("picture = %d with %d values", m.Size, len(m.Pix))
		}
	})
}
