package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"runtime"

	"github.com/addlab/addlab/internal/timing"
)

//go:embed reference.py
var script string

// reference is the Python process; it waits while ours computes.
type reference struct {
	*timing.Peer
	versions map[string]string
}

func start(ctx context.Context, o options, stderr io.Writer) (*reference, error) {
	runtime.GOMAXPROCS(o.threads)
	env := []string{fmt.Sprintf("OPENBLAS_NUM_THREADS=%d", o.threads), fmt.Sprintf("OMP_NUM_THREADS=%d", o.threads)}
	var hello struct{ Versions map[string]string }
	p, err := timing.Start(ctx, o.python, "numpy, scipy and clean-fid", script, nil, env, stderr, &hello)
	return &reference{p, hello.Versions}, err
}

// time has one call timed there.
func (r *reference) time(what, folder string, d int) (t Timing, err error) {
	request, err := json.Marshal(map[string]any{"what": what, "folder": folder, "d": d})
	if err != nil {
		return t, err
	}
	if err := r.Ask(string(request), &t); err != nil {
		return t, fmt.Errorf("%s: %w", what, err)
	}
	return t, nil
}
