package discriminator

import (
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
)

// ViewParams is the number of parameters per sample of View: those of Augment, then those of Crop.
const ViewParams = AugmentParams + CropParams

// DrawView draws how one batch of size×size pictures is shown to a feature network of input×input pixels: [batch, ViewParams].
// Real and generated pictures are shown by separate draws.
func DrawView(r *rand.Rand, cfg Config, batch, size, input int) []float32 {
	augment := IdentityAugment(batch)
	if cfg.Augment {
		augment = DrawAugment(r, batch, size)
	}
	crop := DrawCrop(r, batch, size, input, cfg.CropProb)
	params := make([]float32, 0, batch*ViewParams)
	for i := range batch {
		params = append(params, augment[i*AugmentParams:(i+1)*AugmentParams]...)
		params = append(params, crop[i*CropParams:(i+1)*CropParams]...)
	}
	return params
}

// View shows pictures [B,H,W,3] to the feature network: DiffAugment, crop, resize → [B,input,input,3]. params is [B,ViewParams].
func View(img, params *Node, cfg Config, input int) *Node {
	img.AssertRank(4)
	params.AssertDims(img.Shape().Dimensions[0], ViewParams)
	if cfg.Augment {
		img = Augment(img, Slice(params, AxisRange(), AxisRangeFromStart(AugmentParams)))
	}
	return Crop(img, Slice(params, AxisRange(), AxisRangeToEnd(AugmentParams)), input)
}
