package protocol

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/pretrain"
)

const side = 32

// fault spoils a picture [S,S,3] of a scene.
type fault struct {
	name   string
	grades []float64
	spoil  func(pix []float32, s dataset.Scene, grade float64, r *rand.Rand)
}

// faults are what people see at once, each from hardly visible to plain.
var faults = []fault{
	{"noise, levels", []float64{4, 8, 16}, func(pix []float32, _ dataset.Scene, grade float64, r *rand.Rand) {
		for i := range pix {
			pix[i] += float32(r.NormFloat64() * grade / 127.5)
		}
	}},
	{"checkerboard, ± levels", []float64{4, 8, 16}, func(pix []float32, _ dataset.Scene, grade float64, _ *rand.Rand) {
		for i := range pix {
			sign := 1 - 2*((i/3/side+i/3%side)%2)
			pix[i] += float32(float64(sign) * grade / 127.5)
		}
	}},
	{"blur, σ in pixels", []float64{.5, .7, 1}, func(pix []float32, _ dataset.Scene, grade float64, _ *rand.Rand) { copy(pix, blurred(pix, grade)) }},
	{"halo, share of an unsharp mask", []float64{.25, .5, 1}, func(pix []float32, _ dataset.Scene, grade float64, _ *rand.Rand) {
		for i, v := range blurred(pix, 1) {
			pix[i] += float32(grade) * (pix[i] - v)
		}
	}},
	{"faded colours, share", []float64{.1, .2, .3}, func(pix []float32, _ dataset.Scene, grade float64, _ *rand.Rand) {
		for i := 0; i < len(pix); i += 3 {
			gray := (pix[i] + pix[i+1] + pix[i+2]) / 3
			for c := range 3 {
				pix[i+c] += float32(grade) * (gray - pix[i+c])
			}
		}
	}},
	{"a quarter of a shape missing, share of pictures", []float64{.1, .3, 1}, func(pix []float32, s dataset.Scene, grade float64, r *rand.Rand) {
		if r.Float64() >= grade {
			return
		}
		o, right, below := s.Objects[r.IntN(len(s.Objects))], r.IntN(2) == 0, r.IntN(2) == 0
		background := [3]float32(pix[:3])
		for i := range side * side {
			x, y := (float64(i%side)+.5)/side-o.X, (float64(i/side)+.5)/side-o.Y
			if max(math.Abs(x), math.Abs(y)) < 1.1*o.Radius && (x > 0) == right && (y > 0) == below {
				copy(pix[3*i:], background[:])
			}
		}
	}},
	{"background swapped for white, share of pictures", []float64{.2, .4, .8}, func(pix []float32, s dataset.Scene, grade float64, r *rand.Rand) {
		if r.Float64() < grade {
			s.Background = 2
			copy(pix, s.Draw(side).Pix)
		}
	}},
}

func blurred(pix []float32, sigma float64) []float32 {
	along := func(from []float32, stride func(y, x, d int) int) []float32 {
		to := make([]float32, len(from))
		for i := range to {
			sum, weights := 0., 0.
			for d := -3; d <= 3; d++ {
				w := math.Exp(-float64(d*d) / (2 * sigma * sigma))
				sum, weights = sum+w*float64(from[3*stride(i/3/side, i/3%side, d)+i%3]), weights+w
			}
			to[i] = float32(sum / weights)
		}
		return to
	}
	inside := func(i int) int { return min(max(i, 0), side-1) }
	pix = along(pix, func(y, x, d int) int { return y*side + inside(x+d) })
	return along(pix, func(y, x, d int) int { return inside(y+d)*side + x })
}

// The judge of drawing sees what people see: each fault raises its FID, more of it more. The classifier's last layer, on which the FID
// over all captions rests, hardly sees some of them. With -v it prints the table of docs/lab-notes/features.md.
func TestFaultsRaiseTheDrawingFID(t *testing.T) {
	const n = 600
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	e, err := engine.Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Name == "go" || testing.Short() {
		t.Skip("no fast engine here")
	}
	bundle, err := pretrain.LoadBundle("../../pretrained/scenes")
	if err != nil {
		t.Fatal(err)
	}
	world := &dataset.Scenes{Config: dataset.DefaultScenes()}
	var judges []extractor.Extractor
	for _, open := range []func() (extractor.Extractor, error){
		func() (extractor.Extractor, error) { return extractor.Stage(e.Backend, bundle, 0) },
		func() (extractor.Extractor, error) { return extractor.Classifier(e.Backend, bundle, 0) },
	} {
		x, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		judges = append(judges, x)
	}
	source := world.Split("stated")
	seen := func(first int, f fault, grade float64) (features []eval.Features) {
		var flat []float32
		for i := first; i < first+n; i++ {
			scene, _, _ := source.Scene(i)
			pix := scene.Draw(side).Pix
			if f.spoil != nil {
				f.spoil(pix, scene, grade, rand.New(rand.NewPCG(7, uint64(i))))
			}
			flat = append(flat, pix...)
		}
		for _, judge := range judges {
			out, err := judge.(extractor.Drawn).ExtractDrawn(t.Context(), flat)
			if err != nil {
				t.Fatal(err)
			}
			features = append(features, out.Features)
		}
		return features
	}
	reference := seen(0, fault{}, 0)
	fids := func(f fault, grade float64) (out []float64) {
		for k, features := range seen(n, f, grade) {
			fid, err := eval.FID(reference[k], features)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fid)
		}
		return out
	}
	clean := fids(fault{}, 0)
	var table strings.Builder
	fmt.Fprintf(&table, "| fault | grade | drawing FID ÷ clean pictures' | FID of the last layer ÷ clean pictures' |\n|---|---|---|---|\n")
	for _, f := range faults {
		before := clean
		for k, grade := range f.grades {
			now := fids(f, grade)
			fmt.Fprintf(&table, "| %s | %g | %.2f | %.2f |\n", f.name, grade, now[0]/clean[0], now[1]/clean[1])
			if !(now[0] > before[0]) {
				t.Errorf("%s %g: drawing FID %.4f, want more than %.4f", f.name, grade, now[0], before[0])
			}
			if k == len(f.grades)-1 && !(now[0] > 1.5*clean[0]) {
				t.Errorf("%s %g: drawing FID %.4f, want 1.5 times the clean pictures' %.4f: people see it at once", f.name, grade, now[0], clean[0])
			}
			before = now
		}
	}
	t.Logf("clean: drawing FID %.3f, of the last layer %.1f\n%s", clean[0], clean[1], table.String())
}
