package engine

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// processor names the processor and counts the threads that Go may use.
func processor() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo") // only Linux has it
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			model = strings.Join(strings.Fields(value), " ")
			break
		}
	}
	return fmt.Sprintf("%s, %d threads", model, runtime.NumCPU())
}
