package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
)

//go:embed reference.py
var script string

// reference is the Python process; it waits while ours computes.
type reference struct {
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Reader
	versions map[string]string
}

func start(ctx context.Context, o options, stderr io.Writer) (*reference, error) {
	runtime.GOMAXPROCS(o.threads)
	r := &reference{cmd: exec.CommandContext(ctx, o.python, "-c", script)}
	r.cmd.Env = append(os.Environ(), fmt.Sprintf("OPENBLAS_NUM_THREADS=%d", o.threads), fmt.Sprintf("OMP_NUM_THREADS=%d", o.threads))
	r.cmd.Stderr = stderr
	var err error
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	pipe, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.out = bufio.NewReader(pipe)
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("python = %q: %w", o.python, err)
	}
	var hello struct{ Versions map[string]string }
	if err := r.answer(&hello); err != nil {
		r.close()
		return nil, fmt.Errorf("python = %q: %w, want a Python with numpy, scipy and clean-fid", o.python, err)
	}
	r.versions = hello.Versions
	return r, nil
}

func (r *reference) answer(to any) error {
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	return json.Unmarshal(line, to)
}

// time has one call timed there.
func (r *reference) time(what, folder string, d int) (t Timing, err error) {
	request, err := json.Marshal(map[string]any{"what": what, "folder": folder, "d": d})
	if err != nil {
		return t, err
	}
	if _, err := r.in.Write(append(request, '\n')); err != nil {
		return t, err
	}
	if err := r.answer(&t); err != nil {
		return t, fmt.Errorf("%s: %w", what, err)
	}
	return t, nil
}

// close ends the process; what it says by then no longer matters.
func (r *reference) close() {
	r.in.Close()
	_ = r.cmd.Wait()
}
