package extractor

import "github.com/addlab/addlab/network"

// OpenCLIPG14 is OpenCLIP's ViT-g/14 trained on LAION-2B, 1024 features: the CLIP score of the paper.
var OpenCLIPG14 = register(Kind{
	Name: "openclip-g14", About: "OpenCLIP ViT-g/14 of LAION-2B, 1024 features: CLIP score as in the paper", Captions: true,
	Open: clipSpec{
		name: "openclip-g14",
		vision: network.CLIPVisionConfig{
			ImageSize: 224, Patch: 14, Width: 1408, MLP: 6144, Layers: 40, Heads: 16, Projection: 1024,
		},
		text:   clipText(1024, 1024, 24, false),
		source: clipSource("laion/CLIP-ViT-g-14-laion2B-s12B-b42K", "open_clip_model.safetensors", "open_clip_pytorch_model.bin"),
		batch:  8,
	}.open,
})
