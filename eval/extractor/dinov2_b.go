package extractor

import "github.com/addlab/addlab/network"

// DINOv2B is DINOv2 with ViT-B/14, 768 features.
var DINOv2B = register(Kind{
	Name:  "dinov2-b",
	About: "DINOv2 ViT-B/14, 768 features",
	Modes: dinoModes,
	Open:  openDINOv2("dinov2-b", network.DINOv2(768, 12), "dinov2_vitb14", "facebook/dinov2-base", 32),
})
