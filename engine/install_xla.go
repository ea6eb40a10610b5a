//go:build (linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)

package engine

import goxla "github.com/gomlx/go-xla/installer"

// installXLA runs go-xla's installer for "cpu" or "cuda".
func installXLA(device string) error {
	return goxla.AutoInstallPlugin(device, "", true, goxla.Quiet)
}
