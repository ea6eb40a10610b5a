package extractor

import "github.com/addlab/addlab/network"

// CLIPB32 is OpenAI's CLIP ViT-B/32, 512 features.
var CLIPB32 = register(Kind{
	Name: "clip-b32", About: "OpenAI's CLIP ViT-B/32, 512 features: CLIP score", Captions: true,
	Open: clipSpec{
		name: "clip-b32",
		vision: network.CLIPVisionConfig{
			ImageSize: 224, Patch: 32, Width: 768, MLP: 3072, Layers: 12, Heads: 12, Projection: 512, QuickGELU: true,
		},
		text:   clipText(512, 512, 12, true),
		source: clipSource("openai/clip-vit-base-patch32"),
		batch:  64,
	}.open,
})
