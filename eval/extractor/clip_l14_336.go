package extractor

import "github.com/addlab/addlab/network"

// CLIPL14At336 is OpenAI's CLIP ViT-L/14 for pictures of 336×336 pixels, 768 features: the network of CMMD.
var CLIPL14At336 = register(Kind{
	Name: "clip-l14-336", About: "OpenAI's CLIP ViT-L/14 at 336 pixels, 768 features: CMMD", Captions: true,
	Open: clipSpec{
		name: "clip-l14-336",
		vision: network.CLIPVisionConfig{
			ImageSize: 336, Patch: 14, Width: 1024, MLP: 4096, Layers: 24, Heads: 16, Projection: 768, QuickGELU: true,
		},
		text:   clipText(768, 768, 12, true),
		source: clipSource("openai/clip-vit-large-patch14-336"),
		batch:  8,
	}.open,
})
