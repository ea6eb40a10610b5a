package network

import (
	"fmt"
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
)

// Values at the taps, and what comes back to the pixels, through the enlargement of pictures.
func TestMapsOfEfficientNetEqualEfficientNetLitePyTorch(t *testing.T) {
	f := EfficientNetFeatures{Net: smallEfficientNet(), Size: 20}
	if err := f.Validate(); err != nil {
		t.Fatal(err)
	}
	r := readReferenceOf(t, efficientNetReference, "features")
	r.tolerance = 1e-4
	r.check(t, []string{"tap0", "tap1", "gradient"}, func(scope *model.Scope, in []*Node) []*Node {
		taps := f.Taps(scope, in[0])
		half := ScalarZero(in[0].Graph(), in[0].DType())
		for _, tap := range taps {
			half = Add(half, MulScalar(ReduceAllSum(Mul(tap, tap)), 0.5))
		}
		return append(taps, Gradient(half, in[0])[0])
	}, input(1001, 2, 6, 6, 3))
}

// The widths are promised before a graph is built.
func TestTapsHaveTheirWidths(t *testing.T) {
	for name, f := range map[string]Features{
		"transformer":   ViTConfig{ImageSize: 8, Patch: 4, Width: 16, Depth: 2, Heads: 2, Stem: "patch"},
		"CLIP":          CLIPFeatures{CLIPVisionConfig{ImageSize: 8, Patch: 4, Width: 16, MLP: 32, Layers: 2, Heads: 2}},
		"EfficientNet":  EfficientNetFeatures{Net: smallEfficientNet(), Size: 16},
		"of 8×8 pixels": EfficientNetFeatures{Net: smallEfficientNet(), Size: 8},
	} {
		var got []int
		run(t, nil, func(scope *model.Scope, in []*Node) []*Node {
			taps := f.Taps(scope, in[0])
			for i, tap := range taps {
				tap.AssertRank(3)
				got = append(got, tap.Shape().Dim(2))
				taps[i] = Identity(tap) // the pure Go engine wants an output behind the last parameter
			}
			return taps
		}, input(1001, 2, 8, 8, 3))
		if diff := cmp.Diff(f.Widths(), got); diff != "" || f.Validate() != nil {
			t.Errorf("%s (-promised +got): %v\n%s", name, f.Validate(), diff)
		}
	}
	lite0 := EfficientNetFeatures{Net: EfficientNetLite0(), Size: 128}
	if diff := cmp.Diff([]int{24, 40, 112, 320}, lite0.Widths()); diff != "" { // projected GANs'
		t.Errorf("EfficientNet-Lite0 (-want +got):\n%s", diff)
	}
}

// The last state of CLIP's tower is what its embedding is made of, of pictures that are normalised as OpenAI's.
func TestStatesOfCLIPMakeItsEmbedding(t *testing.T) {
	f := CLIPFeatures{CLIPVisionConfig{ImageSize: 8, Patch: 4, Width: 16, MLP: 32, Layers: 2, Heads: 2, Projection: 4, QuickGELU: true}}
	out := run(t, nil, func(scope *model.Scope, in []*Node) []*Node {
		row := func(rgb ...float32) *Node { return Reshape(Const(in[0].Graph(), rgb), 1, 1, 1, 3) }
		mean, deviation := row(0.48145466, 0.4578275, 0.40821073), row(0.26862954, 0.26130258, 0.27577711)
		normalised := Div(Sub(DivScalar(AddScalar(in[0], 1), 2), mean), deviation)
		want := CLIPVision(scope, f.CLIPVisionConfig, normalised)
		class := Squeeze(Slice(f.Taps(scope, in[0])[f.Layers], AxisRange(), AxisElem(0)), 1)
		got := Linear(scope.At("visual_projection"), LayerNorm(scope.At("vision_model").At("post_layernorm"), class, 1e-5), f.Projection, false)
		return []*Node{want, got}
	}, input(1001, 2, 8, 8, 3))
	relative(t, "embedding", out[0], out[1], 1e-5)
}

func TestEnlargingKeepsConstantsAndSmallerIsRefused(t *testing.T) {
	for _, side := range [][2]int{{1, 4}, {6, 20}, {8, 8}, {32, 128}} {
		for i, row := range bilinearMatrix(side[0], side[1]) {
			sum := 0.0
			for _, w := range row {
				sum += float64(w)
			}
			if math.Abs(sum-1) > 1e-6 {
				t.Errorf("%v: weights of row %d sum to %v, want 1", side, i, sum)
			}
		}
	}
	_, err := tryRun(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{resizeBilinear(in[0], 4)} }, input(1001, 1, 8, 8, 3))
	if err == nil || !strings.Contains(err.Error(), "pictures of 8×8, want at most size = 4") {
		t.Errorf("error = %v, want the size", err)
	}
}

func TestFeaturesOfEfficientNetValidate(t *testing.T) {
	for want, edit := range map[string]func(*EfficientNetFeatures){
		"size = 0":  func(f *EfficientNetFeatures) { f.Size = 0 },
		"stem = 0":  func(f *EfficientNetFeatures) { f.Net.Stem = 0 },
		"stages[1]": func(f *EfficientNetFeatures) { f.Net.Stages[1].Kernel = 0 },
		"stages = ": func(f *EfficientNetFeatures) { f.Net.Stages = f.Net.Stages[:1] }, // ends at half of the side
	} {
		f := EfficientNetFeatures{Net: smallEfficientNet(), Size: 8}
		edit(&f)
		if err := f.Validate(); err == nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}
