// Package processes runs several copies of this program side by side, each on processor cores of its own.
package processes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
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
	var mu sync.Mutex
	var wg sync.WaitGroup
	faults := make([]error, n)
	for i := range n {
		said, complained := &numbered{number: i + 1, out: stdout, mu: &mu}, &numbered{number: i + 1, out: stderr, mu: &mu}
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.Stdout, cmd.Stderr = said, complained
		ownGroup(cmd)
		if err := startOn(cmd, share(cores, i, n)); err != nil {
			faults[i] = fmt.Errorf("process %d of %d: %w", i+1, n, err)
			continue
		}
		wg.Go(func() {
			if err := cmd.Wait(); err != nil {
				faults[i] = fmt.Errorf("process %d of %d: %w", i+1, n, err)
			}
			said.end()
			complained.end()
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

// numbered passes whole lines on, each behind the number of the process that wrote it.
type numbered struct {
	number  int
	out     io.Writer
	mu      *sync.Mutex // of what all processes print
	pending []byte      // a line that has not ended yet
}

func (w *numbered) Write(p []byte) (int, error) {
	w.pending = append(w.pending, p...)
	end := bytes.LastIndexByte(w.pending, '\n') + 1
	err := w.pass(w.pending[:end])
	w.pending = append(w.pending[:0], w.pending[end:]...)
	return len(p), err
}

// end passes on what a process wrote last without ending its line.
func (w *numbered) end() {
	if len(w.pending) > 0 {
		w.pass(append(w.pending, '\n'))
	}
}

func (w *numbered) pass(lines []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range bytes.Lines(lines) {
		if _, err := fmt.Fprintf(w.out, "%d| %s", w.number, line); err != nil {
			return err
		}
	}
	return nil
}
