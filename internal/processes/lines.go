package processes

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

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
