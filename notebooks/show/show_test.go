package show

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/report/plot"
)

func encoded(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// samples is a sheet of pictures with so many columns, shaded as samples are.
func samples(t *testing.T, columns int) image.Image {
	t.Helper()
	grid := plot.Grid{Rows: []plot.GridRow{{Name: "a row with a name that is long"}, {Name: "other"}}}
	for c := range columns {
		grid.Columns = append(grid.Columns, fmt.Sprintf("column %d", c+1))
		for r := range grid.Rows {
			picture := dataset.Image{Size: 32, Pix: make([]float32, 32*32*3)}
			for i := range picture.Pix {
				picture.Pix[i] = -.9 + .05*float32(i%7) + .04*float32(c+r) + .01*float32(i%32)
			}
			grid.Rows[r].Images = append(grid.Rows[r].Images, picture)
		}
	}
	img, err := grid.Image()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestNarrowSheetsHaveTheirFirstColumns(t *testing.T) {
	whole, err := png.Decode(bytes.NewReader(Narrow(encoded(t, samples(t, 5)), 3)))
	if err != nil {
		t.Fatal(err)
	}
	want := samples(t, 3)
	if whole.Bounds() != want.Bounds() {
		t.Fatalf("bounds = %v, want those of a sheet of three, %v", whole.Bounds(), want.Bounds())
	}
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			if got, want := color.NRGBAModel.Convert(whole.At(x, y)), color.NRGBAModel.Convert(want.At(x, y)); got != want {
				t.Fatalf("pixel %d, %d is %v, want %v", x, y, got, want)
			}
		}
	}
	for name, sheet := range map[string][]byte{"narrow": encoded(t, samples(t, 2)), "no sheet": encoded(t, image.NewNRGBA(image.Rect(0, 0, 9, 9))), "no picture": []byte("x")} {
		if got := Narrow(sheet, 3); !bytes.Equal(got, sheet) {
			t.Errorf("%s: it has changed", name)
		}
	}
}

func TestSheetIsEscaped(t *testing.T) {
	s := Sheet{Head: []string{"name", "FID"}, Note: "n < 3"}
	s.Add("<b> & co", "1.5")
	got := s.html()
	for _, want := range []string{"&lt;b&gt; &amp; co", `<td align="right">1.5</td>`, "n &lt; 3"} {
		if !strings.Contains(got, want) {
			t.Errorf("html = %q, want %q in it", got, want)
		}
	}
}

func TestErrorsAreOneLine(t *testing.T) {
	for _, c := range []struct {
		fault error
		want  string
	}{
		{errors.New("eval: k = 0, want ≥ 1"), "error: eval: k = 0, want ≥ 1"},
		{errors.Join(errors.New("one"), errors.New("two")), "error: one; two"},
		{fmt.Errorf("train: %w", context.Canceled), "interrupted: what is finished is kept; run the cell again to resume from the last checkpoint"},
	} {
		if got := told(c.fault); got != c.want {
			t.Errorf("told %q, want %q", got, c.want)
		}
	}
}

func TestPicturesOfTerminalsAreFiles(t *testing.T) {
	path, err := keep(t.TempDir(), []byte("png"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "png" {
		t.Errorf("%s holds %q, error %v", path, got, err)
	}
}
