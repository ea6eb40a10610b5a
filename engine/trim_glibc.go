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

// TrimMemory returns unused memory to the system. XLA's compiler frees more than a gigabyte, which the C library would keep:
// a sweep would grow by it with each training that it compiles.
func TrimMemory() {
	debug.FreeOSMemory()
	C.trim()
}
