package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// CLIP is the agreement of pictures with their captions in the embedding of a CLIP-like model.
// It is the raw cosine, not 100× or 2.5× it.
type CLIP struct {
	Mean     float64   // mean cosine
	StdErr   float64   // standard error of Mean over images; +Inf for a single image
	PerImage []float64 // cosine of each pair, for paired differences between models on the same prompts
}

// CLIPScore is the mean cosine between row i of the image embeddings and row i of the text embeddings (Hessel et al. 2021, without
// their clipping at 0). Rows need not be normalised.
func CLIPScore(images, texts Features) (CLIP, error) {
	if err := validatePair("CLIPScore", images, texts); err != nil {
		return CLIP{}, err
	}
	if images.N != texts.N {
		return CLIP{}, fmt.Errorf("eval: CLIPScore: %d images and %d texts, want pairs", images.N, texts.N)
	}
	score := CLIP{PerImage: make([]float64, images.N)}
	for i := range score.PerImage {
		var dot, xx, yy float64
		text := texts.Row(i)
		for j, v := range images.Row(i) {
			x, y := float64(v), float64(text[j])
			dot, xx, yy = dot+x*y, xx+x*x, yy+y*y
		}
		if xx == 0 || yy == 0 {
			return CLIP{}, fmt.Errorf("eval: CLIPScore: row %d has norms %g and %g, want both above 0", i, math.Sqrt(xx), math.Sqrt(yy))
		}
		score.PerImage[i] = dot / math.Sqrt(xx) / math.Sqrt(yy)
	}
	score.Mean, score.StdErr = meanStdErr(score.PerImage)
	return score, nil
}

// meanStdErr is the mean of x and its standard error s/√n (ddof = 1): unknown, hence +Inf, for a single value.
func meanStdErr(x []float64) (mean, stdErr float64) {
	if len(x) == 1 {
		return x[0], math.Inf(1)
	}
	mean, std := stat.MeanStdDev(x, nil)
	return mean, std / math.Sqrt(float64(len(x)))
}
