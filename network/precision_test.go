package network

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
)

// Products in bfloat16 change a U-Net's output and the gradient of its input by their rounding, and not by more.
func TestHalfProductsAgreeWithFloat32(t *testing.T) {
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	e, err := engine.Open(t.Context(), "xla", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	cfg, store := smallUNet(), model.NewStore()
	cfg.PoolDown, cfg.PlainUp = false, false // all kinds of convolution
	call := func(half bool) (all [2][]float32) {
		HalfProducts(store, half)
		exec, err := model.NewExec(e.Backend, store, func(root *model.Scope, in []*Node) []*Node {
			y := unetOf(cfg)(root.At("net"), in)[0]
			return []*Node{y, Gradient(ReduceAllSum(Mul(y, y)), in[0])[0]}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		out, err := exec.Call(input(1, 2, 8, 8, 3), []float32{3, 700}, input(2, 2, 3, 12))
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			all[i] = tensors.MustCopyFlatData[float32](out[i])
		}
		return all
	}
	call(false) // makes the weights
	graphtest.Shake(t, store, 1, .1)
	want, got := call(false), call(true)
	for i, what := range []string{"output", "gradient"} {
		var size, difference float64
		for k := range want[i] {
			size, difference = math.Hypot(size, float64(want[i][k])), math.Hypot(difference, float64(want[i][k]-got[i][k]))
		}
		if share := difference / size; !(share > 1e-4 && share < 3e-2) {
			t.Errorf("%s: differs by %.2g of its size, want the rounding of bfloat16", what, share)
		}
	}
}
