//go:build linux && cgo

package engine

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
#else
static void trim(void) {}
#endif
*/
import "C"

import "runtime/debug"

// TrimMemory gives memory that nobody uses back to the system. XLA's compiler frees more than a gigabyte, which the C library keeps
// otherwise: a sweep that compiles a training after the other would grow by it each time.
func TrimMemory() {
	debug.FreeOSMemory()
	C.trim()
}
