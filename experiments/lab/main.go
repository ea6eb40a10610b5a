// Command lab opens the notebooks in Jupyter with a Go kernel, or executes them without a browser.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const usage = `lab starts Jupyter on the notebooks folder with the GoNB kernel; what is missing is set up first, in the user's cache.

  go run ./experiments/lab                                      open the notebooks on 127.0.0.1
  go run ./experiments/lab --execute                            run all of them without a browser, as tests do
  go run ./experiments/lab --execute notebooks/01_diffusion.ipynb    one of them
  go run ./experiments/lab --execute --write                    and keep their outputs in the files

Jupyter is taken from the PATH if it is there (JupyterLab or Debian's jupyter-notebook); else python3 installs a pinned
JupyterLab into the cache. The kernel is built from tools/go.mod.

`

type options struct {
	execute, write bool
	port           int
	notebooks      []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, f, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return 0
	}
	if err == nil {
		err = lab(ctx, o, stdout, stderr)
	}
	if ctx.Err() != nil {
		return 130
	}
	if err != nil {
		fmt.Fprintln(stderr, "lab:", err)
		return 1
	}
	return 0
}

func parse(args []string) (o options, f *flag.FlagSet, err error) {
	f = flag.NewFlagSet("lab", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.execute, "execute", false, "run the notebooks without a browser and stop at the first error")
	f.BoolVar(&o.write, "write", false, "with --execute: keep the outputs in the files")
	f.IntVar(&o.port, "port", 8888, "`port` on 127.0.0.1")
	if err := f.Parse(args); err != nil {
		return o, f, err
	}
	o.notebooks = f.Args()
	switch {
	case o.write && !o.execute:
		return o, f, errors.New("write goes with --execute (see --help)")
	case !o.execute && len(o.notebooks) > 0:
		return o, f, fmt.Errorf("argument = %q, want notebooks with --execute only (see --help)", o.notebooks[0])
	case o.port < 1 || o.port > 65535:
		return o, f, fmt.Errorf("port = %d, want 1 to 65535", o.port)
	}
	for _, name := range o.notebooks {
		if _, err := os.Stat(name); err != nil || filepath.Ext(name) != ".ipynb" {
			return o, f, fmt.Errorf("notebook = %q, want an .ipynb file that is there", name)
		}
	}
	return o, f, nil
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
	s, err := setUp(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	if o.execute {
		return s.execute(ctx, o, stdout)
	}
	cmd := s.command(ctx, s.jupyter, s.server, "--ip=127.0.0.1", "--port="+strconv.Itoa(o.port), "--ServerApp.port_retries=0",
		"--notebook-dir="+filepath.Join(s.root, "notebooks"))
	if s.server == "notebook" {
		cmd.Args = append(cmd.Args[:2], "--ip=127.0.0.1", "--port="+strconv.Itoa(o.port), "--notebook-dir="+filepath.Join(s.root, "notebooks"))
	}
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args, "--allow-root")
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("BROWSER") == "" {
		cmd.Args = append(cmd.Args, "--no-browser")
	}
	fmt.Fprintln(stdout, "starting", strings.Join(cmd.Args, " "))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}
