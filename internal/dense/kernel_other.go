//go:build !amd64

package dense

// available lists the kernels that this processor can run, the fastest first.
func available() []kernel { return []kernel{plain} }
