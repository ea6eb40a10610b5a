package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadChoice(t *testing.T) {
	all := []candidate{{name: "xla:cuda"}, {name: "xla:cpu"}, {name: "onnx:cpu"}, {name: "go"}}
	for _, c := range []struct {
		why, choice, env string
		want             []candidate
	}{
		{"nothing asked for means all, in order", "", "", all},
		{"auto says the same aloud", "auto", "", all},
		{"auto overrules the environment", "auto", "go", all},
		{"the environment decides when the caller does not", "", "xla:cpu", []candidate{{name: "xla:cpu"}}},
		{"the caller decides against the environment", "onnx:cpu", "go", []candidate{{name: "onnx:cpu"}}},
		{"xla without a device prefers the GPU", "xla", "", []candidate{{name: "xla:cuda"}, {name: "xla:cpu"}}},
		{"options follow the device", "xla:cuda,preallocate=true", "", []candidate{{name: "xla:cuda", options: "preallocate=true"}}},
		{"a path is passed on", "xla:/p/xla_cuda_plugin.so,tf32=false", "", []candidate{{name: "xla", config: "xla:/p/xla_cuda_plugin.so,tf32=false"}}},
		{"an unknown device is passed on", "onnx:cuda", "", []candidate{{name: "onnx", config: "onnx:cuda"}}},
		{"a library after the device is passed on", "onnx:cpu,/p/libonnxruntime.so", "", []candidate{{name: "onnx", config: "onnx:cpu,/p/libonnxruntime.so"}}},
		{"onnx means its processor", "onnx", "", []candidate{{name: "onnx:cpu"}}},
		{"GoMLX's other names are understood", "onnxruntime:cpu", "", []candidate{{name: "onnx:cpu"}}},
		{"all of go's configuration is options", "go:ops_sequential", "", []candidate{{name: "go", options: "ops_sequential"}}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Setenv("GOMLX_BACKEND", c.env)
			p, err := readChoice(c.choice)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, p.candidates, cmp.AllowUnexported(candidate{})); diff != "" {
				t.Errorf("readChoice(%q) (-want +got)\n%s", c.choice, diff)
			}
		})
	}
}

func TestUnknownChoiceNamesTheChoices(t *testing.T) {
	for _, choice := range []string{"tpu", "cuda", "xlacpu", ":", "go-fast"} {
		_, err := Open(t.Context(), choice, nil)
		if err == nil {
			t.Errorf("Open(%q) opened something", choice)
			continue
		}
		for _, want := range append(automatic, choice) {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Open(%q) says %q, want %q in it", choice, err, want)
			}
		}
	}
}

func TestNamesCUDA(t *testing.T) {
	for path, want := range map[string]bool{
		"/opt/jax_plugins/xla_cuda13/xla_cuda_plugin.so": true,
		"/opt/nvidia/plugin.so":                          true,
		"/home/cuda/pjrt_c_api_cpu_plugin.so":            false, // the file knows better than the folder
		"/opt/plugin.so":                                 false,
	} {
		if got := namesCUDA(path); got != want {
			t.Errorf("namesCUDA(%q) = %v, want %v", path, got, want)
		}
	}
}

// Of several plugins for a device every process takes the same.
func TestPluginAmongSeveral(t *testing.T) {
	for _, c := range []struct {
		why, want string
		names     []string
	}{
		{"one without a version is one's own", "cpu", []string{"cpu_v0.83.4", "cpu", "cuda"}},
		{"the latest", "cpu_v0.83.10", []string{"cpu_v0.83.9", "cpu_v0.83.10", "cpu_v0.9.1", "cuda13"}},
		{"versions that cannot be read come first", "cpu_v0.1.0", []string{"cpu_v0.1.0", "cpu_vnext"}},
		{"none", "", []string{"cuda", "cpux"}},
	} {
		for range c.names {
			c.names = append(c.names[1:], c.names[0])
			if got, found := pluginFor("cpu", c.names); got != c.want || found != (c.want != "") {
				t.Errorf("%s: %q (%t) of %q, want %q", c.why, got, found, c.names, c.want)
			}
		}
	}
}
