package extractor

import "github.com/addlab/addlab/network"

// CLIPL14 is OpenAI's CLIP ViT-L/14, 768 features.
var CLIPL14 = register(Kind{
	Name: "clip-l14", About: "OpenAI's CLIP ViT-L/14, 768 features: CLIP score", Captions: true,
	Open: clipSpec{
		name: "clip-l14",
		vision: network.CLIPVisionConfig{
			ImageSize: 224, Patch: 14, Width: 1024, MLP: 4096, Layers: 24, Heads: 16, Projection: 768, QuickGELU: true,
		},
		text:   clipText(768, 768, 12, true),
		source: clipSource("openai/clip-vit-large-patch14"),
		batch:  16,
	}.open,
})
