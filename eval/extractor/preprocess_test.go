package extractor

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// picture is that of testdata/preprocess.py: blocks and noise.
func picture(width, height, k int) RGB {
	pix := make([]uint8, width*height*3)
	for i := range pix {
		h := uint32(i)*374761393 + uint32(k)*668265263
		h = (h ^ h>>13) * 1274126177
		h ^= h >> 16
		noise := uint8(h >> 24)
		if (i/3%width/4+i/(3*width)/4)%2 == 1 {
			pix[i] = noise
		} else {
			pix[i] = noise/8 + uint8(220*(i%2))
		}
	}
	return RGB{Width: width, Height: height, Pix: pix}
}

// preprocessed is what the tools made of pictures, by testdata/preprocess.py, which names their versions.
type preprocessed struct {
	Resizes []struct {
		How      string
		K        int
		From, To [2]int
		Pix      []float32
	}
	Networks []struct {
		How    string
		K      int
		From   [2]int
		SHA256 string
		Some   []float32
	}
}

func readPreprocessed(t *testing.T) (p preprocessed) {
	t.Helper()
	b, err := os.ReadFile("testdata/preprocess.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Resizes) == 0 || len(p.Networks) == 0 {
		t.Fatal("testdata/preprocess.json is empty")
	}
	return p
}

// All to the last bit.
func TestResizingEqualsPillowTensorFlowAndTorch(t *testing.T) {
	for _, c := range readPreprocessed(t).Resizes {
		src, w, h := picture(c.From[0], c.From[1], c.K), c.To[0], c.To[1]
		var got []float32
		switch c.How {
		case "pillow":
			for _, v := range resizeBytes(src, w, h).Pix {
				got = append(got, float32(v))
			}
		case "clean":
			got = resizeFloats(src, w, h)
		case "tf":
			got = bilinearTF(src, w, h)
		case "pytorch":
			got = bilinearTorch(src, w, h)
		}
		if diff := cmp.Diff(c.Pix, got); diff != "" {
			t.Errorf("%s %v → %v (-want +got):\n%.800s", c.How, c.From, c.To, diff)
		}
	}
}

func TestPreprocessingEqualsTheTools(t *testing.T) {
	all := map[string]preprocess{
		"inception/clean": cleanInception, "inception/tf": tfInception, "inception/pytorch": pytorchInception,
		"dinov2/pillow": imageNet.squash(224), "dinov2/clean": imageNet.squashFloat(224),
		"clip/224": clipColour.crop(224), "clip/336": clipColour.crop(336),
	}
	for _, c := range readPreprocessed(t).Networks {
		t.Run(fmt.Sprintf("%s of %d×%d", c.How, c.From[0], c.From[1]), func(t *testing.T) {
			got := all[c.How](nil, picture(c.From[0], c.From[1], c.K))
			var some []float32
			for i := 0; i < len(got); i += max(1, len(got)/7) {
				some = append(some, got[i])
			}
			if diff := cmp.Diff(c.Some, some); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if sum := floatSum(got); sum != c.SHA256 {
				t.Errorf("SHA-256 = %s, want %s", sum, c.SHA256)
			}
		})
	}
}

// floatSum is the SHA-256 of the little-endian bytes.
func floatSum(x []float32) string {
	h := sha256.New()
	for _, v := range x {
		h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestResizingKeepsConstantsAndAppends(t *testing.T) {
	for _, side := range [][2]int{{1, 1}, {7, 3}, {100, 1}, {299, 299}, {3, 800}} {
		src := RGB{Width: side[0], Height: side[1], Pix: slices.Repeat([]uint8{0, 100, 255}, side[0]*side[1])}
		for i, v := range resizeBytes(src, 20, 30).Pix {
			if want := src.Pix[i%3]; v != want {
				t.Fatalf("%v: byte %d = %d, want %d", side, i, v, want)
			}
		}
		for name, p := range map[string]preprocess{"clean": cleanInception, "tf": tfInception, "pytorch": pytorchInception} {
			x := p([]float32{7}, src)
			if len(x) != 1+299*299*3 || x[0] != 7 {
				t.Fatalf("%s: %d values from %v on, want them appended", name, len(x), x[0])
			}
			for i, v := range x[1:] {
				if want := (float64(src.Pix[i%3]) - 127.75) / 127.75; math.Abs(float64(v)-want) > 0.01 {
					t.Fatalf("%s %v: value %d = %v, want near %v", name, side, i, v, want)
				}
			}
		}
	}
}

// A picture a hundred thousand pixels long would need gigabytes if it were resized before it is cropped.
func TestCroppingALongPictureNeedsNoLongPicture(t *testing.T) {
	long := picture(1<<20, 1, 3)
	if got := centreCrop(long, 224); got.Width != 224 || got.Height != 224 || len(got.Pix) != 224*224*3 {
		t.Errorf("crop = %d×%d", got.Width, got.Height)
	}
}
