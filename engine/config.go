package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"
)

// openConfig opens a GoMLX configuration as the user wrote it, such as "xla:/path/plugin.so" or "onnx:cuda".
func openConfig(ctx context.Context, c candidate, _ setting) (*Engine, error) {
	_, config, _ := strings.Cut(c.config, ":")
	path, options, _ := strings.Cut(config, ",")
	if c.name == "onnx" {
		return newONNX(ctx, config, "", library{source: "its configuration"})
	}
	if strings.ContainsRune(path, filepath.Separator) {
		plugin, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(plugin); err != nil {
			return nil, err
		} else if info.IsDir() {
			return nil, fmt.Errorf("%s is a folder, want a plugin file", plugin)
		}
		return openPlugin(ctx, "", library{plugin, "its configuration"}, options, openGPULimit)
	}
	backend, err := attempt(ctx, openGPULimit, func() (compute.Backend, error) { return compute.NewWithConfig(c.config) })
	if err != nil {
		return nil, err
	}
	device, _, _ := strings.Cut(path, "_") // "cpu" of "cpu_v0.98.0"
	return &Engine{Name: "xla:" + device, Version: pluginVersion(path), Device: backend.DeviceDescription(0), Backend: backend, library: library{source: "its configuration"}}, nil
}
