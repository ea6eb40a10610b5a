package eval

import (
	"math"
	"testing"
)

func TestCLIPScore(t *testing.T) {
	images := Features{3, 2, []float32{1, 0, 0, 2, 1, 1}}
	texts := Features{3, 2, []float32{5, 0, 3, 0, 0, 1}}
	got := must(CLIPScore(images, texts))
	want := []float64{1, 0, 1 / math.Sqrt2} // parallel, at right angles, 45°
	for i, w := range want {
		near(t, "cosine", got.PerImage[i], w, 1e-15)
	}
	near(t, "mean", got.Mean, (1+1/math.Sqrt2)/3, 1e-15)
	near(t, "standard error", got.StdErr, math.Sqrt((1+.5-3*got.Mean*got.Mean)/2/3), 1e-14)

	interval := must(TInterval(got.PerImage, .95))
	near(t, "interval", (interval.High-interval.Low)/2, 4.302652729911275*got.StdErr, 1e-9) // t of 2 degrees of freedom

	single := must(CLIPScore(images.Subset([]int{0}), texts.Subset([]int{0})))
	if !math.IsInf(single.StdErr, 1) {
		t.Errorf("standard error of one image = %v, want +Inf", single.StdErr)
	}
}

func TestCLIPScoreErrors(t *testing.T) {
	_, err := CLIPScore(Features{2, 1, []float32{1, 0}}, Features{2, 1, []float32{1, 1}})
	wantError(t, err, "row 1 has norms 0 and 1")
	_, err = CLIPScore(Features{2, 1, []float32{1, 0}}, Features{1, 1, []float32{1}})
	wantError(t, err, "2 images and 1 texts")
}
