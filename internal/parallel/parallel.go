// Package parallel spreads a loop over the cores.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// For runs body(0) … body(n−1) on all cores, each taking the next when it is free. Calls write only to what belongs to their index.
func For(n int, body func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers < 2 {
		for i := range n {
			body(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				body(i)
			}
		})
	}
	wait.Wait()
}
