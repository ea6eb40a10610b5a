package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/network/packaged"
	"github.com/addlab/addlab/network/weights"
)

const efficientNetReference = "testdata/efficientnet.json" // by testdata/efficientnet.py, which names the versions

// outputs of a network by the reference's names.
func (r EfficientNetResult) outputs() (names []string, nodes []*Node) {
	for i, stage := range r.Stages {
		names, nodes = append(names, fmt.Sprint("stage", i)), append(nodes, stage)
	}
	return append(names, "features", "logits"), append(nodes, r.Features, r.Logits)
}

// bytesAsSeen are n pictures of pixels 0 … 255 as the network takes them.
func bytesAsSeen(n, height, width int) *tensors.Tensor {
	x := values(n*height*width*3, 1001)
	for i, v := range x {
		x[i] = (math.Floor((v+1)*128) - 127) / 128
	}
	return tensors.FromFlatDataAndDimensions(narrow(x), n, height, width, 3)
}

// smallEfficientNet is that of testdata/efficientnet.py.
func smallEfficientNet() EfficientNetConfig {
	return EfficientNetConfig{Stem: 32, Head: 1280, Classes: 5, Stages: []MBConvStage{{1, 3, 1, 1, 4}, {2, 5, 2, 3, 8}, {1, 3, 2, 2, 12}}}
}

func TestEfficientNetEqualsEfficientNetLitePyTorch(t *testing.T) {
	cfg := smallEfficientNet()
	r := readReferenceOf(t, efficientNetReference, "small")
	r.tolerance = 1e-4 // its large weights enlarge what rounding leaves
	r.check(t, []string{"stage1", "stage2", "stage3", "logits"}, func(scope *model.Scope, in []*Node) []*Node {
		r := EfficientNet(scope, cfg, in[0])
		return append(r.Stages[1:], r.Logits)
	}, bytesAsSeen(2, 17, 12))
}

// publishedEfficientNet are the weights of EfficientNet-Lite0, where this machine has them or can fetch them.
func publishedEfficientNet(t *testing.T) *weights.File {
	t.Helper()
	if testing.Short() {
		t.Skip("reads 19 MB of weights")
	}
	path, err := packaged.EfficientNetLite0.Find(t.Context(), t.Output())
	if errors.Is(err, download.ErrAltered) {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	f, err := weights.ReadAny(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPublishedEfficientNetEqualsEfficientNetLitePyTorch(t *testing.T) {
	f, store := publishedEfficientNet(t), model.NewStore()
	if err := weights.Into(store, "/net", f); err != nil {
		t.Fatal(err)
	}
	var names []string
	got := run(t, store, func(scope *model.Scope, in []*Node) (nodes []*Node) {
		names, nodes = EfficientNet(scope, EfficientNetLite0(), in[0]).outputs()
		return nodes
	}, bytesAsSeen(2, 64, 64))

	b, err := os.ReadFile(efficientNetReference)
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Lite0 map[string]struct {
			RMS  float64
			Some []float64
		}
	}
	if err := json.Unmarshal(b, &reference); err != nil {
		t.Fatal(err)
	}
	if len(reference.Lite0) != len(got) {
		t.Fatalf("the reference has %d outputs, want %d", len(reference.Lite0), len(got))
	}
	for i, name := range names {
		want, square := reference.Lite0[name], 0.0
		for _, v := range got[i] {
			square += float64(v) * float64(v)
		}
		rms, step, most := math.Sqrt(square/float64(len(got[i]))), max(1, len(got[i])/40), 0.0
		for k, v := range want.Some {
			most = max(most, math.Abs(float64(got[i][k*step])-v)/want.RMS)
		}
		t.Logf("%s: root mean square %.4g, values differ by at most %.1e of it", name, rms, most)
		if len(want.Some) < 40 || !(most < 1e-4) || !(math.Abs(rms/want.RMS-1) < 1e-5) {
			t.Errorf("%s: root mean square = %v, want %v; %d values differ by %g of it, want < 1e-4", name, rms, want.RMS, len(want.Some), most)
		}
	}
}

func TestEfficientNetLite0HasItsWeights(t *testing.T) {
	f, own, n := publishedEfficientNet(t), model.NewStore(), 0
	run(t, own, func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{EfficientNet(scope, EfficientNetLite0(), in[0]).Logits}
	}, bytesAsSeen(1, 32, 32))
	if err := weights.Check(own, "/net", f); err != nil {
		t.Error(err)
	}
	for _, w := range f.Tensors {
		n += len(w.Data)
	}
	if n != 4_694_024 { // those of the paper, and the statistics of the norms
		t.Errorf("%d weights, want 4,694,024", n)
	}
}
