//go:build !linux || !cgo

package engine

import "runtime/debug"

// TrimMemory gives memory that nobody uses back to the system, as far as Go's own heap goes.
func TrimMemory() { debug.FreeOSMemory() }
