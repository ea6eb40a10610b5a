//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package record

import (
	"errors"
	"os"
)

// flock refuses: without a lock that ends with its process, two processes could write one run.
func flock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
