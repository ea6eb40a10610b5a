package engine

import (
	"context"
	"runtime/debug"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

func openGo(ctx context.Context, c candidate, _ setting) (*Engine, error) {
	config := c.options
	if !strings.Contains(config, "parallelism=") {
		// With a bounded number of workers, operations that split their work wait for each other forever.
		config = strings.TrimPrefix(config+",parallelism=-1", ",")
	}
	var backend compute.Backend
	var err error
	quietly(func() {
		backend, err = attempt(ctx, openLimit, func() (compute.Backend, error) { return gobackend.New(config) })
	})
	if err != nil {
		return nil, err
	}
	return &Engine{Name: pureGo, Version: goVersion(), Device: processor(), Backend: backend, library: library{source: "built in"}}, nil
}

// goVersion is the version of the backend's module, the Go release, and whether vector instructions are built in.
func goVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.GoVersion
	for _, m := range info.Deps {
		if m.Path == "github.com/gomlx/compute" {
			version = m.Version + ", " + version
		}
	}
	if !builtWithSIMD() {
		version += " without simd"
	}
	return version
}

func builtWithSIMD() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && strings.Contains(info.GoVersion, "simd")
}
