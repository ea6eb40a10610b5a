//go:build !linux || !cgo

package engine

import "runtime/debug"

// TrimMemory returns unused memory of Go's heap to the system.
func TrimMemory() { debug.FreeOSMemory() }
