package engine

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/internal/processes"
)

var errNoGPU = errors.New("no NVIDIA GPU here")

func openXLACUDA(ctx context.Context, c candidate, s setting) (*Engine, error) {
	if !hasNVIDIA(ctx) {
		return nil, errNoGPU
	}
	folder := goXLAFolder("cuda")
	plugin, err := s.first(ctx, folder, jaxCUDAPlugin, goXLAInstaller("cuda").source(s, folder))
	if err != nil {
		return nil, err
	}
	return openPlugin(ctx, xlaCUDA, plugin, c.options, openGPULimit)
}

// jaxCUDAPlugin finds JAX's plugin in Python's packages, next to the NVIDIA libraries that it loads.
var jaxCUDAPlugin = source{name: "JAX's Python package", get: func(ctx context.Context) (string, error) {
	packages, err := processes.Ask(ctx, "python3", "-c", "import sysconfig; print(sysconfig.get_path('platlib'))")
	if err != nil { // no Python, no packages
		return "", errAbsent
	}
	found, _ := filepath.Glob(filepath.Join(packages, "jax_plugins", "xla_cuda*", "xla_cuda_plugin.so"))
	if len(found) == 0 {
		return "", errAbsent
	}
	return found[len(found)-1], nil // the newest CUDA sorts last
}}

// hasNVIDIA says whether there is an NVIDIA GPU: by its device file, or by nvidia-smi, as on WSL.
func hasNVIDIA(ctx context.Context) bool {
	if devices, _ := filepath.Glob("/dev/nvidia[0-9]*"); len(devices) > 0 {
		return true
	}
	gpus, err := processes.Ask(ctx, "nvidia-smi", "-L")
	return err == nil && strings.Contains(gpus, "GPU ")
}

// nvidiaName is what nvidia-smi calls the first GPU that programs see, or other if it does not answer: PJRT numbers devices but does not name them.
func nvidiaName(ctx context.Context, other string) string {
	return cmp.Or(ofNVIDIA(ctx, "name"), other)
}

// ofNVIDIA is what nvidia-smi says of that GPU, without its unit, "" where it does not answer.
func ofNVIDIA(ctx context.Context, field string) string {
	query := []string{"--query-gpu=" + field, "--format=csv,noheader,nounits"}
	if chosen, _, _ := strings.Cut(os.Getenv("CUDA_VISIBLE_DEVICES"), ","); chosen != "" { // which nvidia-smi does not obey
		query = append(query, "--id="+chosen)
	}
	answers, err := processes.Ask(ctx, "nvidia-smi", query...)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(answers, "\n")
	return strings.TrimSpace(first)
}
