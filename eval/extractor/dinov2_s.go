package extractor

import "github.com/addlab/addlab/network"

// DINOv2S is DINOv2 with ViT-S/14, 384 features.
var DINOv2S = register(Kind{
	Name:  "dinov2-s",
	About: "DINOv2 ViT-S/14, 384 features",
	Modes: dinoModes,
	Open:  openDINOv2("dinov2-s", network.DINOv2(384, 12), "dinov2_vits14", "facebook/dinov2-small", 64),
})
