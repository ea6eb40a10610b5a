package lessons

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
)

// kernelModule is the module of the kernel and of the package that speaks with it.
const kernelModule = "github.com/janpfeifer/gonb"

// checkKernel refuses a kernel older than this program's package for it: displays would vanish or cells hang.
func checkKernel() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, m := range info.Deps {
		if m.Path == kernelModule {
			return compareKernel(os.Getenv("GONB_VERSION"), m.Version)
		}
	}
	return nil
}

// compareKernel compares versions such as v0.11.5. What is no version, such as that of a kernel built from sources, passes.
func compareKernel(have, want string) error {
	version := func(text string) (n [3]int, err error) {
		_, err = fmt.Sscanf(text, "v%d.%d.%d", &n[0], &n[1], &n[2])
		return n, err
	}
	h, errHave := version(have)
	w, errWant := version(want)
	if errHave == nil && errWant == nil && slices.Compare(h[:], w[:]) < 0 {
		return fmt.Errorf("kernel = GoNB %s, want %s or newer: open the notebooks by `make lab`, which builds it", have, want)
	}
	return nil
}
