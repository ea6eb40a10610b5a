package processes

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// allowed lists the cores that this process may use, those of one socket and the threads of one core next to each other.
func allowed() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	var cores []int
	for c := 0; len(cores) < set.Count(); c++ {
		if set.IsSet(c) {
			cores = append(cores, c)
		}
	}
	slices.SortStableFunc(cores, func(a, b int) int {
		return cmp.Or(cmp.Compare(topology(a, "physical_package_id"), topology(b, "physical_package_id")), cmp.Compare(topology(a, "core_id"), topology(b, "core_id")))
	})
	return cores, nil
}

// topology is the kernel's description of a core; 0 where it is unknown.
func topology(core int, what string) int {
	text, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/%s", core, what))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

// startOn starts cmd on these cores alone. A process begins with the cores of the thread that starts it, and libraries count them when
// they make their own threads.
func startOn(cmd *exec.Cmd, cores []int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	for _, c := range cores {
		set.Set(c)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return os.NewSyscallError("sched_setaffinity", err)
	}
	defer unix.SchedSetaffinity(0, &before)
	return cmd.Start()
}
