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
// Engines that do not open are listed with their reasons in [Engine.Refusals]. An engine that is chosen by name is never
// replaced by another one. Environment:
//
//	GOMLX_BACKEND                    the choice, where the caller makes none
//	PJRT_PLUGIN_LIBRARY_PATH         folders with XLA plugins, in place of go-xla's
//	ONNXRUNTIME_SHARED_LIBRARY_PATH  the ONNX Runtime library, before the cache
//	GOMLX_NO_AUTO_INSTALL            if set, nothing is fetched
//	XDG_CACHE_HOME                   fetched libraries are in addlab/engines below it (default ~/.cache)
package engine
