package pictures

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/eval/npy"
)

// What the inverse cosine transforms of two JPEG decoders may differ by.
const (
	jpegLevels = 3
	jpegShare  = 0.12 // of the values
)

// The same files give the same pixels as Pillow, of which clean-fid, torch-fidelity and dgm-eval take theirs.
func TestDecodesAsPillow(t *testing.T) {
	archive, err := npy.Open("testdata/decoded.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	names := archive.Names()
	if len(names) < 40 {
		t.Fatalf("%d pictures, want all that make.py writes", len(names))
	}
	for _, name := range names {
		if name == "png-16bit-grey.png" { // Pillow's clipping makes it white: see below
			continue
		}
		t.Run(name, func(t *testing.T) {
			want, err := npy.Load[uint8](archive, name)
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			c, err := NewContent(data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Decode()
			if err != nil {
				t.Fatal(err)
			}
			if got.Height != want.Shape[0] || got.Width != want.Shape[1] || c.Width != got.Width || c.Height != got.Height {
				t.Fatalf("size = %d×%d, header %d×%d, want %v", got.Height, got.Width, c.Height, c.Width, want.Shape)
			}
			worst, differ := 0, 0
			for i, w := range want.Data {
				d := int(got.Pix[i]) - int(w)
				worst = max(worst, d, -d)
				if d != 0 {
					differ++
				}
			}
			t.Logf("differs by at most %d, in %d of %d values", worst, differ, len(want.Data))
			limit, share := 0, 0.0
			if c.Format == "JPEG" {
				limit, share = jpegLevels, jpegShare
			}
			if worst > limit || float64(differ) > share*float64(len(want.Data))+6 {
				t.Errorf("differs by %d in %d values, want ≤ %d in ≤ %.0f %%", worst, differ, limit, 100*share)
			}
		})
	}
}

// Pillow clips 16-bit grey at 255, so that nearly all of a picture is white; nobody can want that.
func TestDeepGreyKeepsItsUpperBits(t *testing.T) {
	data, err := os.ReadFile("testdata/png-16bit-grey.png")
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewContent(data)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(c.Note, "16-bit grey") {
		t.Errorf("note = %q, want one on 16-bit grey", c.Note)
	}
	got, err := c.Decode()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint8{0, 0, 0, 0, 0, 1, 127, 255} { // of 0 1 127 128 255 256 32767 65535
		if got.Pix[3*i] != want || got.Pix[3*i+2] != want {
			t.Errorf("value %d = %v, want %d", i, got.Pix[3*i:3*i+3], want)
		}
	}
}

// Pillow 13.0.0 shows beside a small first frame of a GIF the transparent colour or, without one, the first of the palette.
func TestGIFOfWhichTheFirstFrameIsSmall(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		beside [3]uint8
	}{
		"plain": {"474946383961080006008200000a141efa000000fa000000fac8c800070707630063ffffff2c02000100040003000003084833418761011509003b", [3]uint8{10, 20, 30}},
		"transparent": {"474946383961080006008204000a141efa000000fa000000fac8c800070707630063ffffff21f90401000003002c02000100040003000003084833418761011509003b",
			[3]uint8{0, 0, 250}},
	} {
		data, err := hex.DecodeString(c.file)
		if err != nil {
			t.Fatal(err)
		}
		content, err := NewContent(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := content.Decode()
		if err != nil || got.Width != 8 || got.Height != 6 {
			t.Fatalf("%s: %d×%d, %v", name, got.Width, got.Height, err)
		}
		at := func(x, y int) [3]uint8 { return [3]uint8(got.Pix[3*(8*y+x):]) }
		if at(0, 0) != c.beside || at(7, 5) != c.beside || at(2, 1) != [3]uint8{200, 200, 0} || at(5, 3) != [3]uint8{250, 0, 0} {
			t.Errorf("%s: corners %v %v, frame %v … %v, want %v and Pillow's frame", name, at(0, 0), at(7, 5), at(2, 1), at(5, 3), c.beside)
		}
	}
}

func TestWhatCannotBeDecoded(t *testing.T) {
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	bomb := func(name string, at int, side uint32, order binary.AppendByteOrder) []byte {
		b := read(name)
		copy(b[at:], order.AppendUint32(nil, side))
		copy(b[at+4:], order.AppendUint32(nil, side))
		if name == "png-rgb.png" {
			binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
		}
		return b
	}
	for _, c := range []struct {
		why  string
		data []byte
		want string
	}{
		{"zero bytes", nil, "empty file"},
		{"text", []byte("hello"), "not known"},
		{"a web page", []byte("<!doctype html>"), "not known"},
		{"a PNG that claims 10 gigapixels", bomb("png-rgb.png", 16, 100_000, binary.BigEndian), "want 1 … "},
		{"a BMP that claims 10 gigapixels", bomb("bmp.bmp", 18, 100_000, binary.LittleEndian), "want 1 … "},
		{"half a PNG", read("png-rgb.png")[:900], "PNG: "},
		{"half a JPEG", read("jpeg-420.jpg")[:900], "JPEG: "},
		{"half a WebP", read("webp-lossy.webp")[:300], "WebP: "},
		{"half a GIF", read("gif.gif")[:300], "GIF: "},
		{"half a BMP", read("bmp.bmp")[:300], "BMP: "},
		{"a PNG cut off in its header", read("png-rgb.png")[:20], "PNG: "},
	} {
		content, err := NewContent(c.data)
		if err == nil {
			_, err = content.Decode()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", c.why, err, c.want)
		}
	}
}

func TestHashesTellPicturesApart(t *testing.T) {
	if NewHash("a", "bc") == NewHash("ab", "c") {
		t.Error("parts run into one another")
	}
	if NewHash("a") != NewHash("a") {
		t.Error("the same parts hash differently")
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*-*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 1500 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := NewContent(data)
		if err != nil || c.Width*c.Height > 1<<20 {
			return
		}
		rgb, err := c.Decode()
		if err == nil && (rgb.Width != c.Width || rgb.Height != c.Height || len(rgb.Pix) != 3*c.Width*c.Height) {
			t.Fatalf("%d×%d with %d values, header %d×%d", rgb.Width, rgb.Height, len(rgb.Pix), c.Width, c.Height)
		}
	})
}
