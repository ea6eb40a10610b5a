package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gomlx/compute-onnx/support/onnxruntime"
)

// installONNX runs compute-onnx's installer, which downloads a release and returns the library.
func installONNX(ctx context.Context, limit time.Duration, progress io.Writer) (string, error) {
	var library string
	err := runInstaller(ctx, limit, progress, "ONNX Runtime", "compute-onnx", func() (err error) {
		library, err = onnxruntime.Install(onnxRuntime, false, "", "", false)
		return err
	})
	if err != nil {
		return "", err
	}
	return library, nil
}

// runInstaller runs an installer of GoMLX, which knows no context: it first asks within seconds whether releases can be
// reached at all, and leaves an installer behind that does not end.
func runInstaller(ctx context.Context, limit time.Duration, progress io.Writer, title, name string, install func() error) error {
	if err := releasesReachable(ctx); err != nil {
		return fmt.Errorf("%s's installer: %w", name, err)
	}
	start := time.Now()
	fmt.Fprintf(progress, "engine: installing %s with %s's installer …\n", title, name)
	var err error
	quietly(func() {
		_, err = attempt(ctx, limit, func() (struct{}, error) { return struct{}{}, install() })
	})
	if err != nil {
		return fmt.Errorf("%s's installer: %w", name, err)
	}
	fmt.Fprintf(progress, "engine: %s is here after %.1f s\n", title, time.Since(start).Seconds())
	return nil
}

// releasesReachable says whether the host of GoMLX's releases answers within five seconds, through a proxy if one is set.
func releasesReachable(ctx context.Context) error {
	client := http.Client{Timeout: 5 * time.Second}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, "https://github.com/gomlx/pjrt-cpu-binaries", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("releases cannot be reached: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode >= 400 {
		return fmt.Errorf("releases cannot be reached: %s", response.Status)
	}
	return nil
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
