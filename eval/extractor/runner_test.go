package extractor

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
)

// nine pictures of different sizes.
func nine() (all []RGB) {
	for k := range 9 {
		all = append(all, picture(16+k, 20-k, k))
	}
	return all
}

func TestFeaturesDependNeitherOnTheBatchNorOnItsSize(t *testing.T) {
	m := readModels(t).Models["dinov2"]
	dir := m.write(t)
	var want []float32
	for _, batch := range []int{1, 2, 4, 16} {
		o := options(t, dir)
		o.Batch = batch
		x, err := openSmallDINOv2(t, o)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		out, err := x.Extract(t.Context(), nine())
		if err != nil {
			t.Fatal(err)
		}
		if out.Features.N != 9 || out.Features.D != 16 || out.Logits.N != 0 {
			t.Fatalf("features = [%d,%d], logits = [%d], want [9,16], none", out.Features.N, out.Features.D, out.Logits.N)
		}
		if want == nil {
			want = out.Features.Data
		}
		if diff := cmp.Diff(want, out.Features.Data, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
			t.Errorf("batch %d (-batch 1 +this):\n%.500s", batch, diff)
		}

		backwards := nine()
		slices.Reverse(backwards)
		if out, err = x.Extract(t.Context(), backwards[:5]); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			if diff := cmp.Diff(want[(8-i)*16:(9-i)*16], out.Features.Row(i), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
				t.Errorf("batch %d, picture %d among others (-alone +among):\n%.500s", batch, 8-i, diff)
			}
		}
	}
}

func TestNoPicturesGiveNoFeatures(t *testing.T) {
	x, err := openSmallDINOv2(t, options(t, readModels(t).Models["dinov2"].write(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if out, err := x.Extract(t.Context(), nil); err != nil || out.Features.N != 0 {
		t.Errorf("features = %d, error %v", out.Features.N, err)
	}
}

func TestExtractionIsRefusedOrStopped(t *testing.T) {
	dir := readModels(t).Models["dinov2"].write(t)
	x, err := openSmallDINOv2(t, options(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Extract(ended, nine()); err != context.Canceled {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	for _, p := range []RGB{{}, {Width: 2, Height: 2, Pix: make([]uint8, 11)}, {Width: 0, Height: 4}} {
		if _, err := x.Extract(t.Context(), []RGB{p}); err == nil || !strings.Contains(err.Error(), "picture 0") {
			t.Errorf("%d×%d with %d bytes: error %v", p.Width, p.Height, len(p.Pix), err)
		}
	}

	o := options(t, dir)
	o.Batch = -1
	if _, err := openSmallDINOv2(t, o); err == nil || !strings.Contains(err.Error(), "batch = -1") {
		t.Errorf("error %v, want batch = -1", err)
	}
	o = options(t, dir)
	o.Mode = "blurred"
	if _, err := openSmallDINOv2(t, o); err == nil || !strings.Contains(err.Error(), `mode = "blurred", want pillow or clean`) {
		t.Errorf("error %v, want the modes", err)
	}
	if _, err := smallCLIP(false).open(t.Context(), o); err == nil || !strings.Contains(err.Error(), `mode = "blurred", want none`) {
		t.Errorf("error %v, want no mode", err)
	}
}

func TestKeysChangeWithWeightsAndMode(t *testing.T) {
	dir := readModels(t).Models["dinov2"].write(t)
	keys := map[string]string{}
	for _, mode := range []string{"", "pillow", "clean"} {
		o := options(t, dir)
		o.Mode = mode
		x, err := openSmallDINOv2(t, o)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		keys[mode] = x.Key()
		if name := x.Name(); !strings.Contains(name, "small") || !strings.Contains(name, "SHA-256 ") || !strings.Contains(name, "model.safetensors") {
			t.Errorf("name = %q, want kind, file and hash", name)
		}
	}
	if keys[""] != keys["pillow"] || keys["pillow"] == keys["clean"] {
		t.Errorf("keys = %v, want the default's to be pillow's and clean's another", keys)
	}
	if (checkpoint{sum: "1"}).key("k", "") == (checkpoint{sum: "2"}).key("k", "") {
		t.Error("other weights, same key")
	}
	// TF32 has 10 bits where float32 has 23: features of a GPU and of a processor do not belong into one cache.
	for backend, want := range map[compute.Backend]string{&xla.Backend{DotGeneralUseTF32: true}: "k tf32", graphtest.Engine(): "k"} {
		if got := roundedBy(backend, "k"); got != want {
			t.Errorf("key on %T = %q, want %q", backend, got, want)
		}
	}
}

func TestBrokenWeightsGiveAnErrorAndNoNumbers(t *testing.T) {
	rows := &batches{most: 12}
	for n, want := range map[int]int{12: 12, 9: 12, 8: 8, 5: 8, 2: 2, 1: 1} {
		if got := rows.rows(n); got != want {
			t.Errorf("rows for %d = %d, want %d", n, got, want)
		}
	}
	all := readModels(t)
	m := all.Models["dinov2"]
	f := m.weights()
	f.Tensors["layernorm.weight"].Data[0] = float32(math.Inf(1))
	path := writeUnchecked(t, f)
	x, err := openSmallDINOv2(t, options(t, path))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Extract(t.Context(), all.pictures()); err == nil || !strings.Contains(err.Error(), "broken weights") {
		t.Errorf("error %v, want one about broken weights", err)
	}
}
