package lessons

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report/plot"
)

// Seen are pictures as the evaluation networks see them: a row per picture.
type Seen = protocol.Embeddings

// seenConfig names a file of embeddings.
type seenConfig struct {
	Kind     string            `json:"kind"`
	Subject  string            `json:"subject"`
	DataHash string            `json:"data_hash"`
	Weights  map[string]string `json:"weights"`
	First, N int
	Steps    int
}

// Real looks at held-out pictures first … first+n−1.
func (l *Lab) Real(first, n int) (Seen, error) {
	return l.seen(seenConfig{Subject: "real", First: first, N: n}, func(e *protocol.Evaluator) ([]float32, []string, error) {
		var images []float32
		var captions []string
		for i := first; i < first+n; i++ {
			s, err := l.Data.Heldout().Sample(i)
			if err != nil {
				return nil, nil, err
			}
			images, captions = append(images, s.Image.Pix...), append(captions, s.Caption)
		}
		return images, captions, nil
	})
}

// Generated looks at what the teacher draws in some steps for the first n held-out captions.
func (l *Lab) Generated(steps, n int) (Seen, error) {
	return l.seen(seenConfig{Subject: "teacher", Steps: steps, N: n}, func(e *protocol.Evaluator) ([]float32, []string, error) {
		captions, _, err := l.prompts(n)
		if err != nil {
			return nil, nil, err
		}
		generator, err := e.Generator(pipeline.Teacher(steps, Guidance), min(n, e.Setup.Batch))
		if err != nil {
			return nil, nil, err
		}
		images, _, err := generator.Draw(l.ctx, captions, 1)
		return images, captions, err
	})
}

// seen finds embeddings that another cell has computed, or computes them.
func (l *Lab) seen(cfg seenConfig, pictures func(e *protocol.Evaluator) ([]float32, []string, error)) (s Seen, err error) {
	cfg.Kind, cfg.DataHash, cfg.Weights = "seen", l.Data.Hash(), l.Bundle.Files
	hash, err := record.Hash(cfg)
	if err != nil {
		return s, err
	}
	path := filepath.Join(l.Runs, "seen", hash+".safetensors")
	if file, err := weights.Read(path); err == nil {
		return unpack(file), nil
	}
	e, err := l.Evaluator()
	if err != nil {
		return s, err
	}
	images, captions, err := pictures(e)
	if err != nil {
		return s, err
	}
	if s, err = e.Embed(l.ctx, images, captions); err != nil {
		return s, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return s, err
	}
	return s, weights.Write(path, pack(s), weights.F32)
}

func pack(s Seen) *weights.File {
	tensor := func(f eval.Features) weights.Tensor { return weights.Tensor{Shape: []int{f.N, f.D}, Data: f.Data} }
	return &weights.File{Tensors: map[string]weights.Tensor{"features": tensor(s.Features), "image": tensor(s.Image), "text": tensor(s.Text)}}
}

func unpack(file *weights.File) Seen {
	features := func(name string) eval.Features {
		t := file.Tensors[name]
		return eval.Features{N: t.Shape[0], D: t.Shape[1], Data: t.Data}
	}
	return Seen{Features: features("features"), Image: features("image"), Text: features("text")}
}

// Matrix is features as gonum wants them, [n,D].
func Matrix(f eval.Features) *mat.Dense {
	x := make([]float64, len(f.Data))
	for i, v := range f.Data {
		x[i] = float64(v)
	}
	return mat.NewDense(f.N, f.D, x)
}

// Bias plots FID of real pictures against other real ones, whose true distance is 0, and its bias-corrected estimate, over the number n
// of pictures. Each point is a mean over as many disjoint sets as there are, five at most.
func Bias(ref, other eval.Features, ns ...int) (plot.Curves, error) {
	fid, corrected := plot.Curve{Name: "FID"}, plot.Curve{Name: "FID, 1/n part of bias removed"}
	for _, n := range ns {
		var f, c []float64
		for _, part := range parts(other, n, 5) {
			e, err := eval.FIDJackknife(context.Background(), ref, part, 10, 0.95)
			if err != nil {
				return plot.Curves{}, err
			}
			f, c = append(f, e.FID.Mean), append(c, e.Corrected.Mean)
		}
		fid.Steps, fid.Values = append(fid.Steps, n), append(fid.Values, stat.Mean(f, nil))
		corrected.Steps, corrected.Values = append(corrected.Steps, n), append(corrected.Values, stat.Mean(c, nil))
	}
	title := "Real pictures against real pictures, over the number n of pictures: the truth is 0"
	return plot.Curves{Title: title, YLabel: "FID", XLabel: "n", Curves: []plot.Curve{fid, corrected}}, nil
}

// parts are disjoint sets of n rows, most of them at most.
func parts(f eval.Features, n, most int) (sets []eval.Features) {
	perm := rng.New(1, "notebook/parts", n).Perm(f.N)
	for k := 0; k < most && (k+1)*n <= f.N; k++ {
		sets = append(sets, f.Subset(perm[k*n:(k+1)*n]))
	}
	return sets
}

// Intervals lists FID and CLIP score of pictures with their 95 % intervals, over the number n of pictures.
func Intervals(ref eval.Features, s Seen, ns ...int) (show.Sheet, error) {
	sheet := show.Sheet{Head: []string{"n", "FID", "95 %, jackknife", "CLIP score", "95 %, Student's t"}}
	for _, n := range ns {
		first := make([]int, min(n, s.Features.N))
		for i := range first {
			first[i] = i
		}
		fid, err := eval.FIDJackknife(context.Background(), ref, s.Features.Subset(first), 10, 0.95)
		if err != nil {
			return sheet, err
		}
		clip, err := eval.CLIPScore(s.Image.Subset(first), s.Text.Subset(first))
		if err != nil {
			return sheet, err
		}
		mean, err := eval.TInterval(clip.PerImage, 0.95)
		if err != nil {
			return sheet, err
		}
		sheet.Add(fmt.Sprint(len(first)), fmt.Sprintf("%.1f", fid.FID.Mean), fmt.Sprintf("%.1f – %.1f", fid.FID.Low, fid.FID.High),
			fmt.Sprintf("%.4f", mean.Mean), fmt.Sprintf("%.4f – %.4f", mean.Low, mean.High))
	}
	return sheet, nil
}

// Coverage asks by simulation whether the interval of the mean of n values keeps its promise: how often that of n drawn pictures' cosines
// holds the mean of all of them.
func Coverage(cosines []float64, trials int, ns ...int) (show.Sheet, error) {
	sheet := show.Sheet{Head: []string{"n", "intervals that hold the mean of all", "promised"}}
	truth := stat.Mean(cosines, nil)
	for _, n := range ns {
		held := 0
		for trial := range trials {
			r, drawn := rng.New(int64(n), "notebook/coverage", trial), make([]float64, n)
			for i := range drawn {
				drawn[i] = cosines[r.IntN(len(cosines))]
			}
			e, err := eval.TInterval(drawn, 0.95)
			if err != nil {
				return sheet, err
			}
			if e.Low <= truth && truth <= e.High {
				held++
			}
		}
		sheet.Add(fmt.Sprint(n), fmt.Sprintf("%.1f %%", 100*float64(held)/float64(trials)), "95 %")
	}
	return sheet, nil
}

// Halvings are n, n/2, n/4 … down to least, rising.
func Halvings(n, least int) (ns []int) {
	for k := n; k >= least; k /= 2 {
		ns = append([]int{k}, ns...)
	}
	return ns
}

// First are the first n rows.
func First(f eval.Features, n int) eval.Features {
	return f.First(n)
}

// Rest are the rows after the first n.
func Rest(f eval.Features, n int) eval.Features {
	return eval.Features{N: f.N - n, D: f.D, Data: f.Data[n*f.D:]}
}
