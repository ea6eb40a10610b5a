package engine

import (
	"context"
	"errors"
	"os"
	"time"
)

var _ downloader = pipDownload

// pipDownload downloads a wheel without installing it.
func pipDownload(ctx context.Context, p archive, dir string) (string, error) {
	pip, err := findPip(ctx)
	if err != nil {
		return "", err
	}
	argv := append(pip, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries", "1", "-d", dir)
	argv = append(append(argv, p.flags...), p.spec)
	env := []string{"PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1"}
	if os.Getenv("PIP_DEFAULT_TIMEOUT") == "" {
		env = append(env, "PIP_DEFAULT_TIMEOUT=20") // a network that swallows packets is noticed within a minute
	}
	if err := runClient(ctx, env, argv...); err != nil {
		return "", err
	}
	return onlyFile(dir, "*.whl")
}

// findPip returns the first pip that runs: a Python may lack the module, and a version manager's stub may lead nowhere.
func findPip(ctx context.Context) ([]string, error) {
	for _, argv := range [][]string{{"python3", "-m", "pip"}, {"pip3"}, {"pip"}} {
		if !onPath(argv[0]) {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := quickCommand(ctx, argv[0], append(argv[1:], "--version")...).Run()
		cancel()
		if err == nil {
			return argv, nil
		}
	}
	return nil, errors.New("no pip on PATH (python3 -m pip, pip3, pip)")
}
