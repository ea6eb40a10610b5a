package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gomlx/compute-onnx/support/onnxruntime"

	"github.com/addlab/addlab/internal/wheel"
)

type library struct {
	path   string
	source string // how it was found or came here
}

type source struct {
	name    string
	fetches bool // from the network
	get     func(ctx context.Context) (string, error)
}

var (
	errAbsent     = errors.New("not there")
	errNotFetched = errors.New("not on this machine, and fetching is switched off")
)

// first is the library of the first source that has it. Those that fetch come last.
func (s setting) first(ctx context.Context, sources ...source) (library, error) {
	var failures []error
	for _, src := range sources {
		if src.fetches && !s.fetch {
			if failures == nil {
				failures = []error{errNotFetched}
			}
			break
		}
		path, err := src.get(ctx)
		switch {
		case err == nil:
			return library{path, src.name}, nil
		case ctx.Err() != nil:
			return library{}, ctx.Err()
		case src.fetches || !errors.Is(err, errAbsent): // what is here and broken must not pass for absent
			err = fmt.Errorf("%s: %w", src.name, err)
			fmt.Fprintf(s.progress, "engine: %s\n", oneLine(err.Error()))
			failures = append(failures, err)
		}
	}
	return library{}, errors.Join(failures...)
}

// cached finds what pip has brought into the cache.
func cached(f wheel.File) source {
	return source{name: "the cache, from pip", get: func(context.Context) (string, error) {
		path, ok := f.Cached()
		if !ok {
			return "", errAbsent
		}
		return path, nil
	}}
}

func pip(f wheel.File, s setting) source {
	return source{name: "pip", fetches: true, get: func(ctx context.Context) (string, error) { return f.Fetch(ctx, s.progress, s.network) }}
}

// installer is one of GoMLX's own. It knows no context, so what it needs is asked first.
type installer struct {
	name, title string
	needs       []string // addresses it downloads from
	limit       time.Duration
	run         func() error
}

// source runs the installer, then looks in the installer's folder.
func (i installer) source(s setting, folder source) source {
	return source{name: i.name + "'s installer", fetches: true, get: func(ctx context.Context) (string, error) {
		if err := s.network.Reach(ctx, i.needs...); err != nil {
			return "", err
		}
		start := time.Now()
		fmt.Fprintf(s.progress, "engine: installing %s with %s's installer …\n", i.title, i.name)
		var err error
		quietly(func() {
			_, err = attempt(ctx, i.limit, func() (struct{}, error) { return struct{}{}, i.run() })
		})
		if err != nil {
			return "", err
		}
		path, err := folder.get(ctx)
		if err != nil {
			return "", fmt.Errorf("it left no library that loads: %w", err)
		}
		fmt.Fprintf(s.progress, "engine: %s is here after %.1f s\n", i.title, time.Since(start).Seconds())
		return path, nil
	}}
}

var onnxInstaller = installer{
	name: "compute-onnx", title: "ONNX Runtime", limit: 10 * time.Minute,
	needs: []string{onnxruntime.RepoURL + "/v" + onnxRuntime + "/onnxruntime-linux-x64-" + onnxRuntime + ".tgz"},
	run: func() error {
		_, err := onnxruntime.Install(onnxRuntime, false, "", "", false)
		return err
	},
}

var stdout sync.Mutex

// quietly runs fn, which must not hang, without the standard output: installers and the Go backend write there what would
// spoil the program's own output.
func quietly(fn func()) {
	stdout.Lock()
	defer stdout.Unlock()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		fn()
		return
	}
	saved := os.Stdout
	os.Stdout = null
	defer func() {
		os.Stdout = saved
		_ = null.Close()
	}()
	fn()
}
