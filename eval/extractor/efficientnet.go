package extractor

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/packaged"
	"github.com/addlab/addlab/network/weights"
)

func init() {
	register(Kind{
		Name: "efficientnet-lite0", Logits: true,
		About: "EfficientNet-Lite0 of ImageNet, 1280 features, 1000 logits: FD-EfficientNet-Lite0",
		Open:  openEfficientNet("efficientnet-lite0", network.EfficientNetLite0(), 224, &packaged.EfficientNetLite0),
	})
}

// openEfficientNet opens a kind for size×size pictures. Features are the means over the last map.
func openEfficientNet(kind string, cfg network.EfficientNetConfig, size int, file *packaged.Weights) func(context.Context, Options) (Extractor, error) {
	s := source{
		files: []string{"model.safetensors"}, torch: []string{file.Name()}, packaged: file, about: file.Name(),
	}
	images := func(scope *model.Scope, x *Node) []*Node {
		r := network.EfficientNet(scope, cfg, x)
		return []*Node{r.Features, r.Logits}
	}
	return func(ctx context.Context, o Options) (Extractor, error) {
		r := &runner{size: size}
		_, err := published{kind: kind, source: s, names: func(*weights.File) {}, batch: 32, images: images}.
			open(ctx, o, r, map[string]preprocess{"": efficientNet(size)})
		return opened(r, err)
	}
}

// efficientNet squashes by Pillow's bicubic in float, as clean-fid does for Inception. Google trained with TensorFlow's bilinear
// interpolation; timm, too, shows the network bicubic pictures instead, since those antialias.
func efficientNet(size int) preprocess {
	return func(dst []float32, picture RGB) []float32 {
		for _, v := range resizeFloats(picture, size, size) {
			dst = append(dst, (v-127)/128)
		}
		return dst
	}
}
