package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// setting is a Jupyter and a kernel that are ready.
type setting struct {
	root    string // of the project
	jupyter string // program
	server  string // "lab" or "notebook"
	convert bool   // nbconvert is needed
	env     []string
}

// setUp finds or installs Jupyter and builds the kernel, all below the user's cache.
func setUp(ctx context.Context, wanted string, convert bool, stdout, stderr io.Writer) (s setting, err error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return s, fmt.Errorf("go env: %w, want Go on the PATH", err)
	}
	s.convert = convert
	s.root = filepath.Dir(strings.TrimSpace(string(mod)))
	if _, err := os.Stat(filepath.Join(s.root, "tools", "go.mod")); err != nil {
		return s, errors.New("no tools/go.mod here, want to be called within the project")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return s, err
	}
	cache = filepath.Join(cache, "addlab", "lab")
	bin, data := filepath.Join(cache, "bin"), filepath.Join(cache, "jupyter")
	if err := os.MkdirAll(data, 0o777); err != nil {
		return s, err
	}
	s.env = append(os.Environ(), "GOBIN="+bin, "JUPYTER_DATA_DIR="+data, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if s.jupyter, s.server, err = s.choose(ctx, wanted, cache, stdout, stderr); err != nil {
		return s, err
	}
	if strings.HasPrefix(s.jupyter, cache) { // one's own keeps its settings beside it; that of the PATH has its user's
		s.env = append(s.env, "JUPYTER_CONFIG_DIR="+filepath.Join(cache, "config"))
	}
	fmt.Fprintln(stdout, "Jupyter:", s.jupyter, s.server)

	// The kernel is built again only where its sources have changed: the Go cache knows.
	if err := s.loud(ctx, stderr, "go", "-C", filepath.Join(s.root, "tools"), "install", "tool"); err != nil {
		return s, err
	}
	// So does every cell: what they link is compiled here, where somebody sees it.
	if err := s.loud(ctx, stderr, "go", "-C", s.root, "build", "./notebooks/..."); err != nil {
		return s, err
	}
	install := s.command(ctx, filepath.Join(bin, "gonb"), "--install", "--force_deps", "--force_copy", "-raw_error")
	if text, err := install.CombinedOutput(); err != nil {
		return s, fmt.Errorf("gonb --install: %w\n%s", err, text)
	}
	fmt.Fprintln(stdout, "kernel: GoNB in", filepath.Join(data, "kernels", "gonb"))
	return s, nil
}

func (s setting) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = s.env
	return cmd
}

// loud runs a command whose output people should see.
func (s setting) loud(ctx context.Context, stderr io.Writer, name string, args ...string) error {
	cmd := s.command(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = stderr, stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}
