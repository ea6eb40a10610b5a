//go:build unix

package main

import (
	"math"
	"syscall"
	"time"
)

// processor is how many seconds all cores have spent on this process.
func processor() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return math.NaN()
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}
