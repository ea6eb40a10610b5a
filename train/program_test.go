package train

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
)

type shared[T any] struct{ First T }

type programInputs[T any] struct {
	Last T
	shared[T]
	Absent T
}

func program(t *testing.T, build Graph) *Program {
	t.Helper()
	p, err := NewProgram(graphtest.Engine(), model.NewStore(), build)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Inputs and outputs go by name, whatever their order; what is nil is no input.
func TestProgramGoesByName(t *testing.T) {
	p := program(t, GraphOf(func(_ *model.Scope, in programInputs[*graph.Node]) map[string]*graph.Node {
		if in.Absent != nil {
			panic("an input that was not fed")
		}
		return map[string]*graph.Node{"z": in.First, "difference": graph.Sub(in.First, in.Last)}
	}))
	in := programInputs[*tensors.Tensor]{Last: number(2), shared: shared[*tensors.Tensor]{number(7)}}
	got, err := p.Call(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float64{"z": 7, "difference": 5}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = p.Call(programInputs[*tensors.Tensor]{Last: number(2)})
	if err == nil || !strings.Contains(err.Error(), `inputs = ["Last"], want ["Last" "First"] as in the first call`) {
		t.Errorf("error = %v, want the inputs of both calls", err)
	}
}

func TestProgramNamesAnInputThatItsGraphLacks(t *testing.T) {
	p := program(t, GraphOf(func(_ *model.Scope, in shared[*graph.Node]) map[string]*graph.Node {
		return map[string]*graph.Node{"x": in.First}
	}))
	if _, err := p.Call(programInputs[*tensors.Tensor]{Last: number(1)}); err == nil || !strings.Contains(err.Error(), "input Last has no field") {
		t.Errorf("error = %v, want the input's name", err)
	}
}

func number(x float32) *tensors.Tensor { return tensors.FromScalar(x) }
