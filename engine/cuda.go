package engine

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func openXLACUDA(ctx context.Context, c candidate, s setting) (*Engine, error) {
	if !hasNVIDIA(ctx) {
		return nil, errors.New("no NVIDIA GPU here")
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
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := quickCommand(ctx, "python3", "-c", "import sysconfig; print(sysconfig.get_path('platlib'))").Output()
	if err != nil {
		return "", err
	}
	found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "jax_plugins", "xla_cuda*", "xla_cuda_plugin.so"))
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
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := quickCommand(ctx, "nvidia-smi", "-L").Output()
	return err == nil && strings.Contains(string(out), "GPU ")
}

// nvidiaName is what nvidia-smi calls the first GPU, or other if it does not answer: PJRT numbers devices but does not name them.
func nvidiaName(ctx context.Context, other string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := quickCommand(ctx, "nvidia-smi", "--query-gpu=name", "--format=csv,noheader").Output()
	name, _, _ := strings.Cut(string(out), "\n")
	if name = strings.TrimSpace(name); err != nil || name == "" {
		return other
	}
	return name
}

// quickCommand is a command that ends with its context even if children of it keep its output open.
func quickCommand(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	return cmd
}
