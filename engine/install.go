package engine

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gomlx/compute-onnx/support/onnxruntime"
)

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
		if err := s.network.reach(ctx, i.needs...); err != nil {
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

// onnxInstaller downloads ONNX Runtime from a release.
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
