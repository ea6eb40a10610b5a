package lessons

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/train"
)

// B batch, S side of the picture, N patches, C channels of a tap.

// Views shows held-out pictures as the discriminator may see them: as they are, then by several draws of DiffAugment.
func (l *Lab) Views(draws int) (plot.Grid, error) {
	g, images, err := l.heldout("as it is")
	if err != nil {
		return g, err
	}
	cfg, size, n := discriminator.DefaultConfig(), l.Bundle.Config.Size, len(images)
	exec, err := NewExec(l.Engine().Backend, func(img, params *Node) *Node { return discriminator.View(img, params, cfg) })
	if err != nil {
		return g, err
	}
	defer exec.Finalize()
	for k := range draws {
		params := discriminator.DrawView(rng.New(1, "notebook/view", k), cfg, n, size)
		out, err := exec.Call(train.F32(flat(images), n, size, size, 3), train.F32(params, n, discriminator.AugmentParams))
		if err != nil {
			return g, err
		}
		g.Rows = append(g.Rows, plot.GridRow{Name: fmt.Sprintf("draw %d", k+1), Images: dataset.Cut(tensors.MustCopyFlatData[float32](out[0]), size)})
		engine.Release(out...)
	}
	return g, nil
}

// FeatureMaps shows what each tap of the frozen network holds: the first three principal components of its tokens as red, green, blue.
func (l *Lab) FeatureMaps() (plot.Grid, error) {
	g, images, err := l.heldout("picture")
	if err != nil {
		return g, err
	}
	taps, err := l.taps(images)
	if err != nil {
		return g, err
	}
	for k, tap := range taps {
		name := fmt.Sprintf("tap %d: after block %d", k+1, k)
		if k == 0 {
			name = "tap 1: embedded patches"
		}
		maps, err := componentMaps(tap, len(images))
		if err != nil {
			return g, fmt.Errorf("%s: %w", name, err)
		}
		g.Rows = append(g.Rows, plot.GridRow{Name: name, Images: maps})
	}
	return g, nil
}

// taps are the patch tokens of every tap as the heads get them, each [B·N,C].
func (l *Lab) taps(images []dataset.Image) ([]*mat.Dense, error) {
	store, cfg, backend := model.NewStore(), l.Bundle.Config, l.Engine().Backend
	defer store.Finalize()
	if err := l.Bundle.Into(backend, store, "features"); err != nil {
		return nil, err
	}
	exec, err := model.NewExec(backend, store, func(root *model.Scope, img *Node) []*Node {
		taps := network.ViT(root.At("features"), cfg.Networks.Features, img, nil).Taps
		for k, tap := range taps {
			taps[k] = ConvertDType(discriminator.Tokens(tap), dtypes.Float32)
		}
		return taps
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	out, err := exec.Call(train.F32(flat(images), len(images), cfg.Size, cfg.Size, 3))
	if err != nil {
		return nil, err
	}
	defer engine.Release(out...)
	taps := make([]*mat.Dense, len(out))
	for k, t := range out {
		dims := t.Shape().Dimensions
		values := make([]float64, t.Shape().Size())
		for i, v := range tensors.MustCopyFlatData[float32](t) {
			values[i] = float64(v)
		}
		taps[k] = mat.NewDense(dims[0]*dims[1], dims[2], values)
	}
	return taps, nil
}

// componentMaps colours tokens [B·N,C] by their first three principal components, each stretched over the range that holds its middle
// 96 %: B pictures of √N pixels per side.
func componentMaps(tokens *mat.Dense, n int) ([]dataset.Image, error) {
	rows, _ := tokens.Dims()
	side := int(math.Sqrt(float64(rows / n)))
	var pc stat.PC
	if !pc.PrincipalComponents(tokens, nil) {
		return nil, fmt.Errorf("lessons: the principal components of %d tokens did not converge", rows)
	}
	var vectors, projected mat.Dense
	pc.VectorsTo(&vectors)
	projected.Mul(tokens, vectors.Slice(0, vectors.RawMatrix().Rows, 0, 3))

	images := make([]dataset.Image, n)
	for i := range images {
		images[i] = dataset.Image{Size: side, Pix: make([]float32, side*side*3)}
	}
	for c := range 3 {
		column := mat.Col(nil, c, &projected)
		low, high := middle(column)
		for r, v := range column {
			x := 2*(v-low)/(high-low) - 1
			images[r/(side*side)].Pix[3*(r%(side*side))+c] = float32(min(max(x, -1), 1))
		}
	}
	return images, nil
}

// flat joins pictures to [n,S,S,3], which dataset.Cut cuts apart.
func flat(images []dataset.Image) []float32 {
	var all []float32
	for _, m := range images {
		all = append(all, m.Pix...)
	}
	return all
}

// middle is the range that holds the middle 96 % of x; it is never empty.
func middle(x []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(x))
	low = stat.Quantile(0.02, stat.Empirical, sorted, nil)
	high = stat.Quantile(0.98, stat.Empirical, sorted, nil)
	if high <= low {
		high = low + 1
	}
	return low, high
}
