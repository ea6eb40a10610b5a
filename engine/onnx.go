package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"
	onnxbackend "github.com/gomlx/compute-onnx"
	"github.com/gomlx/compute-onnx/support/onnxruntime"

	"github.com/addlab/addlab/internal/wheel"
)

const (
	onnxLibraryEnv   = "ONNXRUNTIME_SHARED_LIBRARY_PATH"
	onnxTelemetryEnv = "ORT_DISABLE_TELEMETRY"
)

// onnxRuntime is the release that the checksums below belong to.
const onnxRuntime = "1.30.0"

// onnxLibrary is ONNX Runtime.
var onnxLibrary = wheel.File{
	Prefix: "engine", Folder: "engines",
	Entry: "onnxruntime-" + onnxRuntime,
	Title: "ONNX Runtime",
	Name:  "libonnxruntime",
	Wheels: map[string]wheel.Pin{
		"linux/amd64":  onnxWheel("manylinux_2_28_x86_64", "so."+onnxRuntime, 23585654, "fa688e7891a6aa206636fe7372e27ee75fd17713289f6b4fc7b190e0a7de9328"),
		"linux/arm64":  onnxWheel("manylinux_2_28_aarch64", "so."+onnxRuntime, 21345202, "6c32a000d5139a38ba9349030b0032e3331acb559d596b22738d9d2b343a2b83"),
		"darwin/arm64": onnxWheel("macosx_14_0_arm64", onnxRuntime+".dylib", 21544867, "001ed726c9bd5e2bc92faade7d37d889e9606a350b7d5529f0227df2e3bb57fd"),
	},
}

// onnxWheel is asked for by one Python's tags, whichever Python is here: only its library is used.
func onnxWheel(platform, extension string, size int64, sha256 string) wheel.Pin {
	return wheel.Pin{
		Spec:   "onnxruntime==" + onnxRuntime,
		Flags:  []string{"--python-version", "3.12", "--implementation", "cp", "--abi", "cp312", "--platform", platform},
		Size:   size,
		SHA256: sha256,
		Member: "onnxruntime/capi/libonnxruntime." + extension,
	}
}

func openONNX(ctx context.Context, c candidate, s setting) (*Engine, error) {
	if named := os.Getenv(onnxLibraryEnv); named != "" {
		if _, err := os.Stat(named); err != nil {
			return nil, fmt.Errorf("%s: %w", onnxLibraryEnv, err)
		}
		return newONNX(ctx, "cpu,"+named, c.options, library{named, onnxLibraryEnv})
	}
	found, err := s.first(ctx, onnxFolder, cached(onnxLibrary), onnxInstaller.source(s, onnxFolder), pip(onnxLibrary, s))
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
	if _, err = os.Stat(path); errors.Is(err, os.ErrNotExist) {
		err = errAbsent
	}
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
