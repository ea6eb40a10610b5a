package engine

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Memory is the size of this process in the host's memory, in bytes, now and at most.
func Memory() (now, peak int64, err error) {
	const path = "/proc/self/status"
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, fmt.Errorf("engine: memory is read from /proc, which %s does not have: %w", runtime.GOOS, err)
	}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		to := map[string]*int64{"VmRSS": &now, "VmHWM": &peak}[name]
		if to == nil {
			continue
		}
		if _, err := fmt.Sscanf(rest, "%d kB", to); err != nil {
			return 0, 0, fmt.Errorf("engine: %s: %q, want a number of kB", path, line)
		}
		*to *= 1024
	}
	return now, peak, nil
}
