//go:build (linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)

package engine

import (
	"context"
	"io"
	"time"

	"github.com/gomlx/go-xla/installer"
)

// installXLA runs go-xla's installer for "cpu" or "cuda"; the plugin then lies in go-xla's places.
func installXLA(ctx context.Context, device string, limit time.Duration, progress io.Writer) error {
	return runInstaller(ctx, limit, progress, "XLA plugin for "+device, "go-xla", func() error {
		return installer.AutoInstallPlugin(device, "", true, installer.Quiet)
	})
}
