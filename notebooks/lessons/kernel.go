package lessons

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// kernelModule is the module of the kernel and of the package that speaks with it.
const kernelModule = "github.com/janpfeifer/gonb"

// checkKernel refuses a kernel that is older than the package this program speaks with it by: displays would vanish or cells hang.
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

// compareKernel compares versions such as v0.11.5; what is no version, such as that of a kernel built from sources, passes.
func compareKernel(have, want string) error {
	h, w := version(have), version(want)
	for i := range w {
		switch {
		case h == nil || h[i] > w[i]:
			return nil
		case h[i] < w[i]:
			return fmt.Errorf("kernel = GoNB %s, want %s or newer: open the notebooks by `make lab`, which builds it", have, want)
		}
	}
	return nil
}

// version splits vX.Y.Z; nil where it is none.
func version(text string) []int {
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "v"), "-")
	parts := strings.Split(text, ".")
	numbers := make([]int, 3)
	if len(parts) != len(numbers) {
		return nil
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil {
			return nil
		}
		numbers[i] = n
	}
	return numbers
}
