// Package processes starts other programs, and copies of this one side by side, each on processor cores of its own.
package processes

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// Run starts n copies of this program with the same arguments and waits for all of them. Each has its share of the cores that this
// process may use; outside Linux the system shares them out. What the copies print is passed on line by line, behind the copy's number.
// A copy that fails is an error and stops none of the others. When ctx is done the copies are interrupted once and still waited for.
func Run(ctx context.Context, n int, args []string, stdout, stderr io.Writer) error {
	cores, err := allowed()
	if err != nil {
		return fmt.Errorf("processes: %w", err)
	}
	if n < 1 || n > len(cores) {
		return fmt.Errorf("processes = %d, want 1 to %d, the cores here", n, len(cores))
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("processes: %w", err)
	}
	var mu sync.Mutex // of what all processes print
	var wg sync.WaitGroup
	faults := make([]error, n)
	for i := range n {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		ownGroup(cmd)
		said, fault := cmd.StdoutPipe()
		complained, fault2 := cmd.StderrPipe()
		if err := errors.Join(fault, fault2); err != nil {
			return fmt.Errorf("processes: %w", err)
		}
		wg.Go(func() {
			err := startOn(cmd, share(cores, i, n))
			if err == nil {
				var both sync.WaitGroup
				both.Go(func() { pass(i+1, said, stdout, &mu) })
				both.Go(func() { pass(i+1, complained, stderr, &mu) })
				both.Wait()
				err = cmd.Wait()
			}
			if err != nil {
				faults[i] = fmt.Errorf("process %d of %d: %w", i+1, n, err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(faults...)
}

// share is the i-th of n parts of the cores, as equal as can be.
func share(cores []int, i, n int) []int { return cores[i*len(cores)/n : (i+1)*len(cores)/n] }

// pass writes whole lines, each behind the number of the process that printed it.
func pass(number int, from io.Reader, to io.Writer, mu *sync.Mutex) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			mu.Lock()
			fmt.Fprintf(to, "%d| %s\n", number, strings.TrimSuffix(line, "\n"))
			mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}
