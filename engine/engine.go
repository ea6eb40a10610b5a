// Package engine chooses the GoMLX backend that runs the graphs, fetches what it needs, and holds the graph operations
// whose best form depends on it.
//
//	e, err := engine.Open(ctx, "", os.Stderr) // or "xla:cpu", "onnx", "go", "xla:/path/plugin.so" …
//	if err != nil { … }
//	defer e.Close()
//	exec, err := model.NewExec(e.Backend, …)
//
// The automatic choice takes the first of these that works here:
//
//	xla:cuda  XLA on an NVIDIA GPU    go-xla's folder, a JAX installation, or go-xla's installer
//	xla:cpu   XLA on the processor    go-xla's folder, the cache, go-xla's installer, or a pinned package fetched by pip
//	onnx:cpu  ONNX Runtime            the same with compute-onnx
//	go        pure Go                 always there; several times faster when built with GOEXPERIMENT=simd
//
// Before anything is fetched its hosts are asked. An unreachable one costs five seconds at most, once in a process.
//
// An engine that is chosen by name is never replaced by another one. Environment:
//
//	GOMLX_BACKEND                    the choice, where the caller makes none
//	PJRT_PLUGIN_LIBRARY_PATH         folders with XLA plugins, in place of go-xla's
//	ONNXRUNTIME_SHARED_LIBRARY_PATH  the ONNX Runtime library, before the cache
//	GOMLX_NO_AUTO_INSTALL            if set, nothing is fetched
//	XDG_CACHE_HOME                   fetched libraries are in addlab/engines below it (default ~/.cache)
package engine

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/gomlx/compute"
)

// Engine is an open backend with the reason why it was chosen.
type Engine struct {
	Name    string // "xla:cuda", "xla:cpu", "onnx:cpu" or "go"
	Why     string // one line: why this one
	Version string
	Device  string
	Backend compute.Backend

	library library
}

// String is the line a program logs at its start.
func (e *Engine) String() string {
	return fmt.Sprintf("%s %s on %s (%s)", e.Name, e.Version, e.Device, e.Why)
}

// Close releases the backend. Closing twice, or nil, does nothing.
func (e *Engine) Close() {
	if e == nil || e.Backend == nil {
		return
	}
	defer func() { _ = recover() }() // a backend that panics on closing must not hide the program's own result
	if !e.Backend.IsFinalized() {
		e.Backend.Finalize()
	}
	e.Backend = nil
}

// Keeps is the number of trainings whose compiled steps are kept, at about 400 MB each. On a GPU compiling takes longer than a short
// training, so it covers a large axis; on a processor it is a tenth of one, so none is kept.
func (e *Engine) Keeps() int {
	if e.Name == xlaCUDA {
		return 24
	}
	return 0
}

var modelName = regexp.MustCompile(`(?m)^model name\s*:(.*)$`)

// processor names the processor and counts the threads that Go may use.
func processor() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo") // only Linux has it
	if found := modelName.FindSubmatch(info); found != nil {
		model = strings.Join(strings.Fields(string(found[1])), " ")
	}
	return fmt.Sprintf("%s, %d threads", model, runtime.NumCPU())
}

// Names of the engines, in the order of the automatic choice.
const (
	xlaCUDA = "xla:cuda"
	xlaCPU  = "xla:cpu"
	onnxCPU = "onnx:cpu"
	pureGo  = "go"
)

var automatic = []string{xlaCUDA, xlaCPU, onnxCPU, pureGo}

// aliases are GoMLX's other names of the same backends.
var aliases = map[string]string{"stablehlo": "xla", "shlo": "xla", "hlo": "xla", "onnxruntime": "onnx"}

type candidate struct {
	name    string // one of automatic, or the backend ("xla", "onnx") of a config
	options string // what follows the engine's name and a comma: "preallocate=true"
	config  string // a GoMLX configuration that is passed on as it is; excludes options
}

// label names the candidate in refusals.
func (c candidate) label() string { return cmp.Or(c.config, c.name) }

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
	if p.choice == "" || p.choice == "auto" {
		p.choice, p.asker = "", ""
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
