package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"
	onnxbackend "github.com/gomlx/compute-onnx"
	"github.com/gomlx/compute-onnx/support/onnxruntime"
)

const (
	onnxLibraryEnv   = "ONNXRUNTIME_SHARED_LIBRARY_PATH"
	onnxTelemetryEnv = "ORT_DISABLE_TELEMETRY"
)

// onnxRuntime is the release that the checksums below belong to.
const onnxRuntime = "1.30.0"

// onnxNode is the package for Node.js, which holds the libraries of all systems.
func onnxNode(member string) archive {
	return archive{
		client: "npm",
		spec:   "onnxruntime-node@" + onnxRuntime,
		size:   113507888,
		sha256: "6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75",
		member: "package/bin/napi-v6/" + member,
	}
}

// onnxLibrary is ONNX Runtime. The wheel is asked for by one Python's tags, whichever Python is here: only its library is used.
var onnxLibrary = artifact{
	name:    "onnxruntime-" + onnxRuntime,
	title:   "ONNX Runtime",
	library: "libonnxruntime",
	packages: map[string][]archive{
		"linux/amd64": {
			{
				client: "pip",
				spec:   "onnxruntime==" + onnxRuntime,
				flags: []string{"--python-version", "3.12", "--implementation", "cp", "--abi", "cp312",
					"--platform", "manylinux_2_28_x86_64"},
				size:   23585654,
				sha256: "fa688e7891a6aa206636fe7372e27ee75fd17713289f6b4fc7b190e0a7de9328",
				member: "onnxruntime/capi/libonnxruntime.so." + onnxRuntime,
			},
			onnxNode("linux/x64/libonnxruntime.so.1"),
		},
		"linux/arm64":  {onnxNode("linux/arm64/libonnxruntime.so.1")},
		"darwin/arm64": {onnxNode("darwin/arm64/libonnxruntime." + onnxRuntime + ".dylib")},
	},
}

func openONNX(ctx context.Context, c candidate, s setting) (*Engine, error) {
	if named := os.Getenv(onnxLibraryEnv); named != "" {
		if _, err := os.Stat(named); err != nil {
			return nil, fmt.Errorf("%s: %w", onnxLibraryEnv, err)
		}
		return newONNX(ctx, "cpu,"+named, c.options, library{named, onnxLibraryEnv})
	}
	sources := []source{onnxFolder, onnxLibrary.cache(), onnxInstaller.source(s, onnxFolder)}
	found, err := s.first(ctx, append(sources, onnxLibrary.fetch(s)...)...)
	if err != nil {
		return nil, err
	}
	return newONNX(ctx, "cpu,"+found.path, c.options, found)
}

var onnxFolder = source{name: "compute-onnx's folder", get: func(context.Context) (string, error) {
	dir, err := onnxruntime.GetInstallPath()
	if err != nil {
		return "", err
	}
	file, err := onnxruntime.GetLibFilename()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, file)
	_, err = os.Stat(path)
	return path, err
}}

// newONNX opens the backend and reads its version.
func newONNX(ctx context.Context, config, options string, from library) (*Engine, error) {
	if options != "" {
		config += "," + options
	}
	// ONNX Runtime counts and reports its use to its maker unless it is told not to.
	if _, found := os.LookupEnv(onnxTelemetryEnv); !found {
		_ = os.Setenv(onnxTelemetryEnv, "1")
	}
	backend, err := attempt(ctx, openLimit, func() (compute.Backend, error) { return onnxbackend.New(config) })
	if err != nil {
		return nil, err
	}
	e := &Engine{Name: onnxCPU, Device: processor(), Backend: backend, library: from}
	if b, ok := backend.(*onnxbackend.Backend); ok {
		e.Version = b.Version()
		if provider := b.ExecutionProvider().String(); provider != "cpu" {
			e.Name, e.Device = "onnx:"+provider, b.DeviceDescription(0)
		}
	}
	return e, nil
}
