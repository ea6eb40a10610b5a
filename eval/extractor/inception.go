package extractor

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// Inception is the network of FID, KID, precision and recall, and the Inception Score.
var Inception = register(Kind{
	Name:  "inception",
	About: "TensorFlow's Inception of 2015-12-05, 2048 features: FID, KID, Inception Score",
	Modes: inceptionModes, Logits: true,
	Open: openInception,
})

var inceptionSource = source{
	files: []string{"inception.safetensors", "model.safetensors"},
	torch: []string{"weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"},
	about: "pt_inception-2015-12-05-6726825d.pth, which pytorch-fid and torch-fidelity publish with their releases, or its conversion to safetensors",
}

// The preprocessings are those of clean-fid, of TensorFlow's script and torch-fidelity, and of pytorch-fid.
var (
	inceptionModes   = []string{"clean", "tf", "pytorch"}
	inceptionPrepare = map[string]preprocess{"clean": cleanInception, "tf": tfInception, "pytorch": pytorchInception}
)

func openInception(ctx context.Context, o Options) (Extractor, error) {
	r := &runner{size: inceptionSize}
	_, err := published{kind: "inception", modes: inceptionModes, source: inceptionSource, names: func(*weights.File) {}, batch: 32, images: func(scope *model.Scope, x *Node) []*Node {
		features, logits := network.Inception(scope, x)
		return []*Node{features, logits}
	}}.open(ctx, o, r, inceptionPrepare)
	return opened(r, err)
}
