package plot_test

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report/plot"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// ramp is a picture whose red grows to the right and whose green grows downwards.
func ramp(size int, blue float32) dataset.Image {
	m := dataset.Image{Size: size, Pix: make([]float32, size*size*3)}
	for y := range size {
		for x := range size {
			p := m.Pix[3*(y*size+x):]
			p[0], p[1], p[2] = 2*float32(x)/float32(size-1)-1, 2*float32(y)/float32(size-1)-1, blue
		}
	}
	return m
}

func testGrid() plot.Grid {
	broken := ramp(8, 0)
	broken.Pix[0] = float32(math.NaN())
	return plot.Grid{
		Columns: []string{"a red circle left of a blue square on grey", "short", "antidisestablishmentarianism"},
		Rows: []plot.GridRow{
			{Name: "real", Images: []dataset.Image{ramp(8, -1), ramp(8, 0), ramp(8, 1)}},
			{Name: "teacher at twenty-five steps", Images: []dataset.Image{ramp(4, 1), {}, broken}},
			{Name: "not yet"},
		},
		Scale: 12,
	}
}

func TestGridGolden(t *testing.T) {
	got, err := testGrid().Image()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "grid.png")
	if *update {
		var b bytes.Buffer
		if err := testGrid().PNG(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if got.Bounds() != want.Bounds() {
		t.Fatalf("%s: bounds %v, want %v", path, got.Bounds(), want.Bounds())
	}

	// Edges of letters may differ a little between processors.
	const tolerance = 8
	b := got.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			g, w := color.RGBAModel.Convert(got.At(x, y)).(color.RGBA), color.RGBAModel.Convert(want.At(x, y)).(color.RGBA)
			if apart(g.R, w.R) > tolerance || apart(g.G, w.G) > tolerance || apart(g.B, w.B) > tolerance {
				t.Fatalf("%s: pixel (%d,%d) is %v, want %v", path, x, y, g, w)
			}
		}
	}
}

func apart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

func TestGridEnlargesWithoutSmoothing(t *testing.T) {
	m := dataset.Image{Size: 32, Pix: make([]float32, 32*32*3)}
	for i := range m.Pix {
		m.Pix[i] = float32(2*(i/3%2) - 1) // black and white columns in turn
	}
	img, err := plot.Grid{Rows: []plot.GridRow{{Images: []dataset.Image{m}}}, Scale: 5}.Image()
	if err != nil {
		t.Fatal(err)
	}
	const border = 16
	if got, want := img.Bounds().Dx(), 32*5+2*border; got != want {
		t.Fatalf("width = %d, want %d", got, want)
	}
	for x := range 32 * 5 {
		want := uint8(255 * (x / 5 % 2))
		if got := color.GrayModel.Convert(img.At(border+x, border)).(color.Gray).Y; got != want {
			t.Fatalf("pixel %d is %d, want %d", x, got, want)
		}
	}
}

// Columns beyond Wrap come below the others: every picture is drawn once, with its caption's column.
func TestGridWraps(t *testing.T) {
	g := plot.Grid{Scale: 48, Columns: []string{"a", "b", "c"}}
	for row := range 2 {
		r := plot.GridRow{Name: string(rune('A' + row))}
		for i := range 3 {
			r.Images = append(r.Images, dataset.Image{Size: 2, Pix: slices.Repeat([]float32{float32(i+3*row) / 6}, 12)})
		}
		g.Rows = append(g.Rows, r)
	}
	seen := func(g plot.Grid) (shades map[uint8]int, size image.Point) {
		img, err := g.Image()
		if err != nil {
			t.Fatal(err)
		}
		shades = map[uint8]int{}
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				shades[color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y]++
			}
		}
		return shades, img.Bounds().Size()
	}
	flat, wide := seen(g)
	g.Wrap = 2
	wrapped, high := seen(g)
	if high.X >= wide.X || high.Y != 2*wide.Y {
		t.Errorf("size = %v, want narrower than %v and twice as high", high, wide)
	}
	for i := range 6 {
		shade := plot.Pixel(slices.Repeat([]float32{float32(i) / 6}, 3)).R
		if flat[shade] < 96*96 || wrapped[shade] < 96*96 || wrapped[shade] > flat[shade]+96 {
			t.Errorf("picture %d covers %d pixels in one row and %d wrapped, want %d", i, flat[shade], wrapped[shade], 96*96)
		}
	}
}

func TestGridRefuses(t *testing.T) {
	one := []dataset.Image{ramp(2, 0)}
	for why, g := range map[string]plot.Grid{
		"no rows":             {Columns: []string{"a"}},
		"no columns":          {Rows: []plot.GridRow{{Name: "a"}}},
		"too few values":      {Rows: []plot.GridRow{{Images: []dataset.Image{{Size: 2, Pix: make([]float32, 3)}}}}},
		"values but no size":  {Rows: []plot.GridRow{{Images: []dataset.Image{{Pix: make([]float32, 3)}}}}},
		"negative size":       {Rows: []plot.GridRow{{Images: []dataset.Image{{Size: -1}}}}},
		"negative scale":      {Rows: []plot.GridRow{{Images: one}}, Scale: -1},
		"scale beyond memory": {Rows: []plot.GridRow{{Images: one}}, Scale: 1 << 20},
	} {
		if _, err := g.Image(); err == nil {
			t.Errorf("%s: no error", why)
		}
	}
}

// testDots has every kind of mark.
func testDots() plot.Dots {
	published := func(x float64) []eval.Estimate { return []eval.Estimate{eval.Alone(x, 1), eval.Alone(20, 1), {}} }
	return plot.Dots{
		Title: "Loss", Lead: "Does it help?", Rows: []plot.DotRow{{Name: "adv", Verdict: "confirmed"}, {Name: "both", Default: true}}, References: []plot.DotRow{{Name: "teacher", Size: "64 images"}},
		Panels: []plot.DotPanel{
			{Head: "FID ↓", Values: []eval.Estimate{{Mean: 40, Low: 38, High: 42, N: 3}, {Mean: 44, Low: 43, High: 45, N: 1}, eval.Alone(39, 1)}, Labels: []string{"40 ± 2", "44 ± 1", "39"}},
			{Head: "FID ↓", Published: true, Values: published(30), Labels: []string{"30", "20", ""}},
		},
		Verdicts: [2]string{"as in the paper", "against both"}, Foot: "A foot.", Provenance: "scale smoke",
	}
}

// The plot must show each kind of mark: our points, the paper's, and the default's band.
func TestDotsShowTheirMarks(t *testing.T) {
	img := decode(t, testDots().PNG)
	if got := img.Bounds().Dx(); got != 1600 {
		t.Errorf("width = %d, want 1600", got)
	}
	paper := color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 255}
	for name, want := range map[string]color.RGBA{"our points": {R: 0x00, G: 0x72, B: 0xb2, A: 255}, "the paper's points": paper, "the default's band": {R: 0xe4, G: 0xef, B: 0xf7, A: 255}} {
		if n := count(img, want); n < 100 {
			t.Errorf("%s: %d pixels, want at least 100", name, n)
		}
	}
	ours := testDots()
	ours.Panels = ours.Panels[:1]
	if n := count(decode(t, ours.PNG), paper); n != 0 {
		t.Errorf("%d pixels in the paper's colour, want none where the paper says nothing", n)
	}
	ours.Panels[0].Labels = nil
	if err := ours.PNG(&bytes.Buffer{}); err == nil {
		t.Error("a panel without labels gave no error")
	}
}

func TestCurves(t *testing.T) {
	nan := math.NaN()
	many := plot.Curves{Title: "many", Smooth: 3}
	for i := range 30 {
		many.Curves = append(many.Curves, plot.Curve{Name: "curve with quite a long name that cannot stand in the margin", Steps: []int{0, 10, 20}, Values: []float64{1, float64(i), 1}})
	}
	for why, cs := range map[string]plot.Curves{
		"nothing":                     {},
		"one point":                   {Curves: []plot.Curve{{Name: "a", Steps: []int{5}, Values: []float64{2}}}},
		"constant on a log axis":      {LogY: true, Curves: []plot.Curve{{Name: "a", Steps: []int{0, 1}, Values: []float64{3, 3}}}},
		"nothing but NaN":             {Curves: []plot.Curve{{Name: "a", Steps: []int{0, 1}, Values: []float64{nan, math.Inf(1)}}}},
		"nothing above 0 on log":      {LogY: true, Curves: []plot.Curve{{Name: "a", Steps: []int{0, 1}, Values: []float64{0, -1}}}},
		"twenty decades":              {LogY: true, Curves: []plot.Curve{{Name: "a", Steps: []int{0, 1}, Values: []float64{1e-10, 1e10}}}},
		"more curves than colours":    many,
		"gaps, and smoothing over it": {Smooth: 2, Curves: []plot.Curve{{Name: "a", Steps: []int{0, 1, 2, 3}, Values: []float64{1, nan, 3, 2}}}},
	} {
		t.Run(why, func(t *testing.T) {
			if got := decode(t, cs.PNG).Bounds().Size(); got != image.Pt(1600, 900) {
				t.Errorf("size %v, want 1600×900", got)
			}
		})
	}

	for why, c := range map[string]plot.Curve{
		"a value without a step": {Name: "a", Steps: []int{0}, Values: []float64{1, 2}},
		"steps out of order":     {Name: "a", Steps: []int{1, 0}, Values: []float64{1, 2}},
	} {
		if err := (plot.Curves{Curves: []plot.Curve{c}}).PNG(&bytes.Buffer{}); err == nil {
			t.Errorf("%s: no error", why)
		}
	}
}

func decode(t *testing.T, encode func(io.Writer) error) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func count(img image.Image, want color.RGBA) int {
	n := 0
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
			if max(apart(c.R, want.R), apart(c.G, want.G), apart(c.B, want.B)) <= 4 { // six bits of each channel are kept
				n++
			}
		}
	}
	return n
}

func TestScatterShowsItsPoints(t *testing.T) {
	few := count(decode(t, plot.Scatter{Panels: []plot.ScatterPanel{{Name: "none"}}}.PNG), color.RGBA{R: 255, G: 255, B: 255, A: 255})
	points := make([]float64, 2000)
	for i := range points {
		points[i] = math.Sin(float64(i * i))
	}
	points[7] = math.NaN()
	many := count(decode(t, plot.Scatter{Panels: []plot.ScatterPanel{{Name: "many", Points: points}}}.PNG), color.RGBA{R: 255, G: 255, B: 255, A: 255})
	if few-many < 2000 {
		t.Errorf("1,000 points cover %d pixels, want some for each", few-many)
	}
}
