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

	"github.com/addlab/addlab/internal/download"
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
	cache, err := download.Dir("lab")
	if err != nil {
		return s, err
	}
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
