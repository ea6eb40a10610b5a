package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/addlab/addlab/record"
)

// execute runs notebooks one after the other in the order of their names.
func (s setting) execute(ctx context.Context, o options, stdout io.Writer) error {
	names := o.notebooks
	if len(names) == 0 {
		var err error
		if names, err = s.all(); err != nil {
			return err
		}
	}
	out, err := os.MkdirTemp("", "addlab-notebooks-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	s.env = append(s.env, scaleEnv+"="+o.scale)
	limit := 10 * time.Minute
	if o.write {
		limit = 24 * time.Hour // real trainings
	}
	for _, name := range names {
		began := time.Now()
		executed, err := s.executeOne(ctx, name, out, limit, stdout)
		if err != nil {
			return err
		}
		if o.write {
			if err := s.keep(name, executed, o.scale); err != nil {
				return err
			}
		}
		fmt.Fprintf(stdout, "%s: executed at scale %s in %s\n", filepath.Base(name), o.scale, time.Since(began).Round(time.Second))
		if err := told(stdout, name); err != nil {
			return err
		}
	}
	return nil
}

// keep writes the outputs into the notebook. What cannot be kept there is not lost: trainings are behind it.
func (s setting) keep(name string, executed []byte, scale string) error {
	text, err := normalise(name, executed, scale)
	if err == nil {
		err = unchanged(name, executed)
	}
	if err == nil {
		err = record.WriteFile(name, text)
	}
	if err == nil {
		return nil
	}
	aside := filepath.Join(s.root, "results", "notebooks", "executed-"+filepath.Base(name))
	if fault := errors.Join(os.MkdirAll(filepath.Dir(aside), 0o777), os.WriteFile(aside, executed, 0o666)); fault != nil {
		return errors.Join(err, fault)
	}
	return fmt.Errorf("%w (as it was executed: %s)", err, aside)
}

// unchanged is an error where a notebook's source is no longer what was executed: it may have been edited meanwhile.
func unchanged(name string, executed []byte) error {
	now, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var sources [2][]string
	for i, text := range [][]byte{now, executed} {
		n, err := readNotebook(name, text)
		if err != nil {
			return err
		}
		for _, c := range n.Cells {
			sources[i] = append(sources[i], c.Type+"\n"+string(c.Source))
		}
	}
	if !slices.Equal(sources[0], sources[1]) {
		return fmt.Errorf("%s has changed since its execution began: its outputs are not kept in it", name)
	}
	return nil
}

// all are the notebooks that run by themselves: those with a number. The interactive ones wait for a reader.
func (s setting) all() ([]string, error) {
	names, err := filepath.Glob(filepath.Join(s.root, "notebooks", "[0-9]*.ipynb"))
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("no notebooks in %s", filepath.Join(s.root, "notebooks"))
	}
	return names, err
}

// told says where a file keeps outputs of other code than it holds.
func told(stdout io.Writer, name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	n, err := readNotebook(name, text)
	if err != nil {
		return err
	}
	if why := stale(n); why != "" {
		fmt.Fprintf(stdout, "%s is stale: %s. Keep new ones: go run ./experiments/lab --execute --write %s\n", filepath.Base(name), why, name)
	}
	return nil
}

func (s setting) executeOne(ctx context.Context, name, out string, limit time.Duration, stdout io.Writer) ([]byte, error) {
	cmd := s.command(ctx, s.jupyter, "nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--output-dir", out, name,
		fmt.Sprintf("--ExecutePreprocessor.timeout=%.0f", limit.Seconds()), "--ExecutePreprocessor.kernel_name=gonb", "--ExecutePreprocessor.record_timing=False")
	gently(cmd)
	if text, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%s: nbconvert: %s", name, errorLine(string(text)))
	}
	// Errors are allowed above so that the file with their text is there: nbconvert itself loses it.
	text, err := os.ReadFile(filepath.Join(out, filepath.Base(name)))
	if err != nil {
		return nil, err
	}
	n, err := readNotebook(name, text)
	if err != nil {
		return nil, err
	}
	whole, err := failure(name, n)
	fmt.Fprint(stdout, whole)
	return text, err
}

// gently lets an interrupted Jupyter end its kernels, but not for ever.
func gently(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
}

// errorLine is the line of a Python program's output that names the error, else the last one.
func errorLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range slices.Backward(lines) {
		if name, _, ok := strings.Cut(line, ": "); ok && !strings.Contains(name, " ") && strings.Contains(name, "Error") {
			return line
		}
	}
	return lines[len(lines)-1]
}
