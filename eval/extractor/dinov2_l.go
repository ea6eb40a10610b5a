package extractor

import "github.com/addlab/addlab/network"

// DINOv2L is DINOv2 with ViT-L/14, 1024 features: FD-DINOv2 of dgm-eval.
var DINOv2L = register(Kind{
	Name:  "dinov2-l",
	About: "DINOv2 ViT-L/14, 1024 features: FD-DINOv2",
	Modes: dinoModes,
	Open:  openDINOv2("dinov2-l", network.DINOv2(1024, 24), "dinov2_vitl14", "facebook/dinov2-large", 16),
})
