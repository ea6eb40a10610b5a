package train

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/engine"
)

type regression[T any] struct{ X, Y T }

func TestDevicesGiveTheSameCurve(t *testing.T) {
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	t.Setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2") // XLA on a processor
	opened, err := engine.Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	e := opened.Backend
	if e.NumDevices() < 2 {
		t.Skip(opened.Name, "has one device")
	}
	curve := func(devices int) (losses []float64) {
		store := model.NewStore()
		p, err := NewProgram(e, store, GraphOf(func(root *model.Scope, in regression[*graph.Node]) map[string]*graph.Node {
			w := root.VariableWithValue("w", []float32{1, -1})
			node := w.NodeValue(in.X.Graph())
			d := graph.Sub(graph.ReduceSum(graph.Mul(in.X, graph.ExpandLeftToRank(node, 2)), 1), in.Y)
			loss := graph.ReduceAllMean(graph.Mul(d, d))
			w.SetNodeValue(graph.Sub(node, graph.MulScalar(graph.Gradient(loss, node)[0], .1)))
			return map[string]*graph.Node{"loss": loss}
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		mesh, err := Devices(e, devices)
		if err != nil {
			t.Fatal(err)
		}
		p.Over(mesh)
		for range 5 {
			got, err := p.Call(regression[*tensors.Tensor]{
				X: F32([]float32{1, 2, 3, 4, 5, 6, 7, 9}, 4, 2), Y: F32([]float32{1, 2, 0, 5}, 4),
			})
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, got["loss"])
		}
		return losses
	}
	if _, err := Devices(e, 1000); err == nil || !strings.Contains(err.Error(), "devices = 1000, want 1 to ") {
		t.Errorf("error = %v, want one that names the devices", err)
	}
	if diff := cmp.Diff(curve(1), curve(2), cmpopts.EquateApprox(1e-5, 1e-6)); diff != "" {
		t.Errorf("(-one device +two):\n%s", diff)
	}
}
