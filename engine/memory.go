package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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

// HostMemory is the bytes of memory that this process may have: the machine's, or what its control group is limited to, as a job of
// Slurm. 0 where Linux does not tell.
func HostMemory() float64 { return memoryBelow("/") }

// memoryBelow is HostMemory with the files of Linux below a folder.
func memoryBelow(root string) float64 {
	number := func(file, format string) (x float64) {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err == nil {
			_, err = fmt.Sscanf(string(text), format, &x)
		}
		if err != nil {
			return 0
		}
		return x
	}
	memory := 1024 * number("proc/meminfo", "MemTotal: %f kB")
	limits := []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"} // of version 2, which says "max" for none, and 1
	if text, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup")); err == nil {
		for line := range strings.Lines(string(text)) {
			if fields := strings.SplitN(strings.TrimSpace(line), ":", 3); len(fields) == 3 && (fields[1] == "" || fields[1] == "memory") {
				limits = append(limits, filepath.Join("sys/fs/cgroup", fields[1], fields[2], map[string]string{"": "memory.max", "memory": "memory.limit_in_bytes"}[fields[1]]))
			}
		}
	}
	for _, file := range limits {
		if limit := number(file, "%f"); limit > 0 && (memory == 0 || limit < memory) {
			memory = limit
		}
	}
	return memory
}

// Memory is the bytes of memory that graphs of the engine may have: of the first GPU that programs see, or of the host. 0 where it is unknown.
func (e *Engine) Memory(ctx context.Context) float64 {
	if e.Name != "xla:cuda" {
		return HostMemory()
	}
	var mb float64
	if _, err := fmt.Sscan(ofNVIDIA(ctx, "memory.total"), &mb); err != nil {
		return 0
	}
	return mb * (1 << 20)
}
