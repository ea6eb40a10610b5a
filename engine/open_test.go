package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/download"
)

func ExampleOpen() {
	e, err := Open(context.Background(), "go", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	fmt.Println(e.Name, "because", e.Why)
	// Output: go because asked for: "go"
}

// isolate hides the engines of this machine.
func isolate(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	t.Setenv(onnxLibraryEnv, "")
	t.Setenv("GOMLX_BACKEND", "")
	t.Setenv(download.OffEnv, "1")
}

func TestAutomaticFallsBack(t *testing.T) {
	isolate(t)
	e, err := Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Name != "go" {
		t.Skipf("go-xla or compute-onnx installed %s in a place that the test cannot hide", e.Name)
	}
	if e.Why == "" || e.Version == "" || e.Device == "" {
		t.Errorf("engine = %+v, want why, version and device", e)
	}
}

func TestNamedEngineIsNotReplaced(t *testing.T) {
	isolate(t)
	e, err := Open(t.Context(), "onnx", nil)
	if err == nil {
		e.Close()
		t.Skip("ONNX Runtime is in a place that the test cannot hide")
	}
	if !strings.HasPrefix(err.Error(), `engine: choice = "onnx" does not open here: onnx:cpu: `) {
		t.Fatalf("error = %v, want ONNX Runtime alone, with the reason", err)
	}
}

func TestPanickingConstructorIsRefused(t *testing.T) {
	// GoMLX panics where no such backend is registered.
	bad := candidate{name: "xla", config: "nosuchbackend:"}
	if _, err := openFirst(t.Context(), plan{candidates: []candidate{bad}}, newSetting(false, nil)); err == nil || !strings.Contains(err.Error(), "nosuchbackend:: panic") {
		t.Errorf("error = %v, want one that tells of the panic", err)
	}
	e, err := openFirst(t.Context(), plan{candidates: []candidate{bad, {name: pureGo}}}, newSetting(false, nil))
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
}

func TestAttempt(t *testing.T) {
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		why  string
		ctx  context.Context
		fn   func() (int, error)
		want string
	}{
		{"an answer comes through", t.Context(), func() (int, error) { return 7, nil }, ""},
		{"an error comes through", t.Context(), func() (int, error) { return 0, errors.New("broken") }, "broken"},
		{"a panic becomes an error", t.Context(), func() (int, error) { panic("oh") }, "panic: oh"},
		{"a hang becomes an error", t.Context(), func() (int, error) { <-hang; return 0, nil }, "no answer after 50ms"},
		{"a cancelled context ends a hang", cancelled, func() (int, error) { <-hang; return 0, nil }, "context canceled"},
	} {
		t.Run(c.why, func(t *testing.T) {
			got, err := attempt(c.ctx, 50*time.Millisecond, c.fn)
			switch {
			case c.want == "" && (err != nil || got != 7):
				t.Errorf("got %d, %v, want 7", got, err)
			case c.want != "" && (err == nil || err.Error() != c.want):
				t.Errorf("error = %v, want %s", err, c.want)
			}
		})
	}
}

func TestCancelledOpenReturnsTheContextsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, "go", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
}

func TestCloseTwice(t *testing.T) {
	e, err := Open(t.Context(), "go", nil)
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	e.Close()
	(*Engine)(nil).Close()
}

// TestEveryEngineHere multiplies on each engine of this machine and never fetches one. An engine that is here and does not open fails.
func TestEveryEngineHere(t *testing.T) {
	for _, name := range automatic {
		t.Run(name, func(t *testing.T) {
			e, err := open(t.Context(), candidate{name: name}, newSetting(false, nil))
			if errors.Is(err, errNotFetched) || errors.Is(err, errNoGPU) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if e.Name != name {
				t.Errorf("name = %s, want %s", e.Name, name)
			}

			product, err := graph.CallOnce(e.Backend, func(a, b *graph.Node) *graph.Node { return graph.MatMul(a, b) },
				[][]float32{{1, 2, 3}, {4, 5, 6}}, [][]float32{{1, 0}, {0, 1}, {1, 1}})
			if err != nil {
				t.Fatal(err)
			}
			defer Release(product)
			if diff := cmp.Diff([][]float32{{4, 5}, {10, 11}}, product.Value()); diff != "" {
				t.Errorf("product (-want +got)\n%s", diff)
			}
		})
	}
}

// TestBenchStepDescends checks that the benchmark's step is a real one: its loss falls.
func TestBenchStepDescends(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	e, err := Open(t.Context(), "go", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	exec, err := graph.NewExec(e.Backend, benchStep)
	if err != nil {
		t.Fatal(err)
	}
	x, weights := benchInputs()
	var losses []float32
	for range 2 {
		outputs, err := exec.Call(append([]any{x}, anySlice(weights)...)...)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, tensors.ToScalar[float32](outputs[4]))
		weights = outputs[:4]
	}
	if losses[1] >= losses[0] {
		t.Errorf("losses = %v, want them to fall", losses)
	}
}

func TestProbeChoosesOneAndMeasuresIt(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for a second")
	}
	reports, err := Probe(t.Context(), "go", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 || !reports[0].Chosen || !reports[0].Available || reports[0].GFlops <= 0 {
		t.Errorf("reports = %+v, want go, chosen and measured", reports)
	}
}

func TestGPUIsNamedAsItsDriverNamesIt(t *testing.T) {
	tools := t.TempDir()
	t.Setenv("PATH", tools)
	if got := nvidiaName(t.Context(), "cuda:0"); got != "cuda:0" {
		t.Errorf("without nvidia-smi the device is %q, want what PJRT calls it", got)
	}
	script := "#!/bin/sh\n[ \"$1\" = --query-gpu=name ] && echo 'NVIDIA H200' && echo 'NVIDIA H100'\n"
	if err := os.WriteFile(filepath.Join(tools, "nvidia-smi"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := nvidiaName(t.Context(), "cuda:0"); got != "NVIDIA H200" {
		t.Errorf("device = %q, want the first GPU of nvidia-smi", got)
	}
}

func TestReleaseOfAPlugin(t *testing.T) {
	packages := t.TempDir()
	if err := os.MkdirAll(filepath.Join(packages, "jax_cuda13_pjrt-0.11.2.dist-info"), 0o777); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(packages, "jax_plugins", "xla_cuda13", "xla_cuda_plugin.so"): "0.11.2",
		"/cache/xla-cpu-0.11.2/pjrt_c_api_cpu_plugin.so":                           "0.11.2",
		"/lib/pjrt_c_api_cpu_v0.83.4_plugin.so":                                    "0.83.4",
		"/opt/plugin.so":                                                           "",
	} {
		if got := pluginRelease(path); got != want {
			t.Errorf("%s: release = %q, want %q", path, got, want)
		}
	}
}
