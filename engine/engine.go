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
//	onnx:cpu  ONNX Runtime            the same with compute-onnx, and npm after pip
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
	"fmt"
	"os"
	"runtime"
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

// processor names the processor and counts the threads that Go may use.
func processor() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo") // only Linux has it
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			model = strings.Join(strings.Fields(value), " ")
			break
		}
	}
	return fmt.Sprintf("%s, %d threads", model, runtime.NumCPU())
}
