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

// pinned are the Python packages of a Jupyter that is installed here.
var pinned = []string{"jupyterlab==4.6.6", "nbconvert==7.17.2"}

// setting is a Jupyter and a kernel that are ready.
type setting struct {
	root    string // of the project
	jupyter string // program
	server  string // "lab" or "notebook"
	env     []string
}

// setUp finds or installs Jupyter and builds the kernel, all below the user's cache.
func setUp(ctx context.Context, stdout, stderr io.Writer) (s setting, err error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return s, fmt.Errorf("go env: %w, want Go on the PATH", err)
	}
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
	loud := func(cmd *exec.Cmd) error {
		cmd.Stdout, cmd.Stderr = stderr, stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
		}
		return nil
	}

	if s.jupyter, s.server = found(ctx); s.jupyter == "" {
		venv := filepath.Join(cache, "python-"+strings.ReplaceAll(pinned[0], "==", "-"))
		s.jupyter, s.server = filepath.Join(venv, "bin", "jupyter"), "lab"
		ready := filepath.Join(venv, "ready") // written last: an interrupted installation begins anew
		if _, err := os.Stat(ready); err != nil {
			fmt.Fprintf(stdout, "no Jupyter on the PATH: installing %s into %s\n", strings.Join(pinned, ", "), venv)
			if err := loud(s.command(ctx, "python3", "-m", "venv", "--clear", venv)); err != nil {
				return s, fmt.Errorf("%w: want python3 with venv (Debian: python3-venv), or Jupyter on the PATH (Debian: jupyter-notebook)", err)
			}
			if err := loud(s.command(ctx, filepath.Join(venv, "bin", "pip"), append([]string{"install", "-q"}, pinned...)...)); err != nil {
				return s, err
			}
			if err := os.WriteFile(ready, nil, 0o666); err != nil {
				return s, err
			}
		}
	}
	fmt.Fprintf(stdout, "Jupyter: %s (%s)\n", s.jupyter, s.server)

	// The kernel is built again only where its sources have changed: the Go cache knows.
	build := s.command(ctx, "go", "install", "tool")
	build.Dir = filepath.Join(s.root, "tools")
	if err := loud(build); err != nil {
		return s, err
	}
	install := s.command(ctx, filepath.Join(bin, "gonb"), "--install", "--force_deps", "--force_copy", "-raw_error")
	if text, err := install.CombinedOutput(); err != nil {
		return s, fmt.Errorf("gonb --install: %w\n%s", err, text)
	}
	fmt.Fprintln(stdout, "kernel: GoNB in", filepath.Join(data, "kernels", "gonb"))
	return s, nil
}

// found looks for Jupyter on the PATH: JupyterLab before the classic notebook. Executing needs nbconvert too.
func found(ctx context.Context) (jupyter, server string) {
	path, err := exec.LookPath("jupyter")
	if err != nil || exec.CommandContext(ctx, path, "nbconvert", "--version").Run() != nil {
		return "", ""
	}
	for _, server := range []string{"lab", "notebook"} {
		if exec.CommandContext(ctx, path, server, "--version").Run() == nil {
			return path, server
		}
	}
	return "", ""
}

func (s setting) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = s.env
	return cmd
}
