package main

import (
	"cmp"
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

// own asks for the pinned Jupyter, whatever the PATH holds.
const own = "own"

// choose finds the Jupyter that is wanted, else that of the PATH, else installs one of its own into the cache.
func (s setting) choose(ctx context.Context, wanted, cache string, stdout, stderr io.Writer) (jupyter, server string, err error) {
	if wanted == own {
		return s.install(ctx, cache, stdout, stderr)
	}
	jupyter, err = exec.LookPath(cmp.Or(wanted, "jupyter"))
	if err == nil {
		server, err = s.inspect(ctx, jupyter)
	}
	switch {
	case err == nil:
		return jupyter, server, nil
	case wanted != "":
		return "", "", fmt.Errorf("jupyter = %q: %w, want a jupyter with nbconvert and lab or notebook", wanted, err)
	case jupyter != "":
		fmt.Fprintf(stdout, "%s will not do: %v\n", jupyter, err)
	}
	return s.install(ctx, cache, stdout, stderr)
}

// install brings the pinned JupyterLab into the cache.
func (s setting) install(ctx context.Context, cache string, stdout, stderr io.Writer) (jupyter, server string, err error) {
	venv := filepath.Join(cache, "python-"+strings.ReplaceAll(pinned[0], "==", "-"))
	jupyter, server = filepath.Join(venv, "bin", "jupyter"), "lab"
	ready := filepath.Join(venv, "ready") // written last: an interrupted installation begins anew
	if _, err := os.Stat(ready); err == nil {
		return jupyter, server, nil
	}
	fmt.Fprintf(stdout, "no Jupyter on the PATH: installing %s into %s\n", strings.Join(pinned, ", "), venv)
	if err := s.loud(ctx, stderr, "python3", "-m", "venv", "--clear", venv); err != nil {
		return "", "", fmt.Errorf("no Jupyter: %w: want Jupyter on the PATH (Debian: apt install jupyter-notebook jupyter-nbconvert), or python3 with venv to install one (Debian: apt install python3-venv)", err)
	}
	if err := s.loud(ctx, stderr, filepath.Join(venv, "bin", "pip"), append([]string{"install", "-q"}, pinned...)...); err != nil {
		return "", "", fmt.Errorf("no Jupyter: %w: want the Python registry within reach, or Jupyter on the PATH (Debian: apt install jupyter-notebook jupyter-nbconvert)", err)
	}
	if err := quiet(venv); err != nil {
		return "", "", err
	}
	return jupyter, server, os.WriteFile(ready, nil, 0o666)
}

// quiet keeps JupyterLab from asking readers whether it may fetch news.
func quiet(venv string) error {
	dir := filepath.Join(venv, "share", "jupyter", "lab", "settings")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "overrides.json"),
		[]byte(`{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}`+"\n"), 0o666)
}

// inspect tells which server a jupyter has: JupyterLab before the classic notebook. Executing needs nbconvert too, which Debian has in a
// package of its own.
func (s setting) inspect(ctx context.Context, jupyter string) (server string, err error) {
	if s.convert && exec.CommandContext(ctx, jupyter, "nbconvert", "--version").Run() != nil {
		return "", errors.New("it has no nbconvert (Debian: apt install jupyter-nbconvert)")
	}
	for _, server := range []string{"lab", "notebook"} {
		if exec.CommandContext(ctx, jupyter, server, "--version").Run() == nil {
			return server, nil
		}
	}
	return "", errors.New("it has neither lab nor notebook")
}
