//go:build !((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package engine

import "errors"

func installXLA(string) error { return errors.New("go-xla has no plugin for this system") }
