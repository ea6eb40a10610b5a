package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
)

// Names of the engines, in the order of the automatic choice.
const (
	xlaCUDA = "xla:cuda"
	xlaCPU  = "xla:cpu"
	onnxCPU = "onnx:cpu"
	pureGo  = "go"
)

// automatic is the order of preference.
var automatic = []string{xlaCUDA, xlaCPU, onnxCPU, pureGo}

// aliases are GoMLX's other names of the same backends.
var aliases = map[string]string{"stablehlo": "xla", "shlo": "xla", "hlo": "xla", "onnxruntime": "onnx"}

// candidate is one engine to try.
type candidate struct {
	name    string // one of automatic, or the backend ("xla", "onnx") of a config
	options string // what follows the engine's name and a comma: "preallocate=true"
	config  string // a GoMLX configuration that is passed on as it is; excludes options
}

// label names the candidate in refusals.
func (c candidate) label() string {
	if c.config != "" {
		return c.config
	}
	return c.name
}

// plan is a choice, read.
type plan struct {
	choice     string // what was asked for; "" if nothing was
	asker      string // who asked, for Engine.Why
	candidates []candidate
}

// readChoice turns a choice into candidates. With no choice GOMLX_BACKEND decides; "auto" overrules that too.
func readChoice(choice string) (plan, error) {
	p := plan{choice: strings.TrimSpace(choice), asker: "asked for"}
	if p.choice == "" {
		p.choice = strings.TrimSpace(os.Getenv(compute.ConfigEnvVar))
		p.asker = "asked for by " + compute.ConfigEnvVar
	}
	if p.choice == "auto" {
		p.choice = ""
	}
	if p.choice == "" {
		p.asker = ""
		for _, name := range automatic {
			p.candidates = append(p.candidates, candidate{name: name})
		}
		return p, nil
	}

	backend, config, _ := strings.Cut(p.choice, ":")
	if name, ok := aliases[backend]; ok {
		backend = name
	}
	device, options, _ := strings.Cut(config, ",")
	switch name := backend + ":" + device; {
	case backend == "xla" && device == "": // the best XLA there is
		p.candidates = []candidate{{name: xlaCUDA, options: options}, {name: xlaCPU, options: options}}
	case backend == "onnx" && device == "":
		p.candidates = []candidate{{name: onnxCPU, options: options}}
	case backend == pureGo:
		p.candidates = []candidate{{name: pureGo, options: config}}
	case slices.Contains(automatic, name) && !strings.ContainsRune(options, os.PathSeparator):
		p.candidates = []candidate{{name: name, options: options}}
	case backend == "xla" || backend == "onnx": // a path, or a device that we know nothing about
		p.candidates = []candidate{{name: backend, config: backend + ":" + config}}
	default:
		return plan{}, fmt.Errorf(`engine: choice = %q, want auto, xla, %s, onnx or a GoMLX configuration such as "xla:/path/plugin.so"`,
			p.choice, strings.Join(automatic, ", "))
	}
	return p, nil
}

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
