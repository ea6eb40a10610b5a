// Command lab opens the notebooks in Jupyter with a Go kernel, or executes them without a browser.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/addlab/addlab/internal/program"
)

const usage = `lab starts Jupyter on the notebooks folder with the GoNB kernel. It first installs what is missing into the user's cache.

  go run ./experiments/lab                                      open the notebooks on 127.0.0.1
  go run ./experiments/lab --execute                            run all of them without a browser, as tests do
  go run ./experiments/lab --execute notebooks/01_diffusion.ipynb    one of them
  go run ./experiments/lab --execute --write                    in full, and keep their outputs in the files
  go run ./experiments/lab --jupyter own                        JupyterLab from the user's cache, not the one on the PATH

Jupyter comes from the PATH (JupyterLab, or Debian's jupyter-notebook); otherwise python3 installs a pinned
JupyterLab into the cache. The kernel is built from tools/go.mod. Notebooks run at the scale of ADDLAB_SCALE (smoke, cpu, gpu)
on the engine of GOMLX_BACKEND; executed without --write they run at smoke.

`

// scaleEnv is that of package lessons, which would bring all engines into this small program. A cell refuses what is no scale.
const scaleEnv = "ADDLAB_SCALE"

type options struct {
	execute, write bool
	port           int
	jupyter, scale string
	notebooks      []string
}

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "lab", Usage: usage, Parse: o.parse,
		Do: func(ctx context.Context, stdout, stderr io.Writer) error { return lab(ctx, o, stdout, stderr) },
	}
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	f.BoolVar(&o.execute, "execute", false, "run the notebooks without a browser and stop at the first error")
	f.BoolVar(&o.write, "write", false, "with --execute: keep the outputs in the files")
	f.IntVar(&o.port, "port", 8888, "`port` on 127.0.0.1")
	f.StringVar(&o.jupyter, "jupyter", "", "`program` to use: a jupyter, or own for the pinned one in the user's cache (default: that of the PATH, else own)")
	if err := f.Parse(args); err != nil {
		return err
	}
	o.notebooks = f.Args()
	o.scale = "smoke"
	if o.write {
		o.scale = "cpu"
	}
	o.scale = cmp.Or(os.Getenv(scaleEnv), o.scale)
	switch {
	case o.write && !o.execute:
		return errors.New("write goes with --execute (see --help)")
	case !o.execute && len(o.notebooks) > 0:
		return fmt.Errorf("argument = %q, want notebooks with --execute only (see --help)", o.notebooks[0])
	case o.port < 1 || o.port > 65535:
		return fmt.Errorf("port = %d, want 1 to 65535", o.port)
	}
	for _, name := range o.notebooks {
		if _, err := os.Stat(name); err != nil || filepath.Ext(name) != ".ipynb" {
			return fmt.Errorf("notebook = %q, want an .ipynb file that is there", name)
		}
	}
	return nil
}

func lab(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if !o.execute {
		// Jupyter would take the next free port without a word, and the address below would be another's.
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port)))
		if err != nil {
			return fmt.Errorf("port %d is in use, want a free one: --port %d", o.port, o.port+1)
		}
		l.Close()
	}
	s, err := setUp(ctx, o.jupyter, o.execute, stdout, stderr)
	if err != nil {
		return err
	}
	if o.execute {
		return s.execute(ctx, o, stdout)
	}
	cmd := s.command(ctx, s.jupyter, s.serve(o.port)...)
	fmt.Fprintln(stdout, "starting", strings.Join(cmd.Args, " "))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	gently(cmd)
	return cmd.Run()
}

// serve are Jupyter's arguments. The classic notebook and JupyterLab call some of them by other names.
func (s setting) serve(port int) []string {
	args := []string{s.server, "--ip=127.0.0.1", fmt.Sprintf("--port=%d", port), "--notebook-dir=" + filepath.Join(s.root, "notebooks")}
	if s.server == "lab" {
		args = append(args, "--ServerApp.port_retries=0")
	}
	if os.Geteuid() == 0 {
		args = append(args, "--allow-root")
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("BROWSER") == "" {
		args = append(args, "--no-browser")
	}
	return args
}
