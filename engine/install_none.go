//go:build !((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package engine

import (
	"context"
	"errors"
	"io"
	"time"
)

// installXLA does nothing in a program built without go-xla's installer.
func installXLA(context.Context, string, time.Duration, io.Writer) error {
	return errors.New("go-xla has no plugin for this system")
}
