// Command doctor shows which engines run on this machine, how fast they are, and which one the experiments would take.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"text/tabwriter"

	"github.com/addlab/addlab/engine"
)

const usage = `doctor opens every engine that GoMLX can run on here, fetches what is missing, and measures a small training step.

  go run ./experiments/doctor                      all engines
  go run ./experiments/doctor --engine xla:cpu     only this one (xla, xla:cuda, xla:cpu, onnx, go, xla:/path/plugin.so)
  go run ./experiments/doctor --no-fetch           only what is on this machine already
  go run ./experiments/doctor --json               for programs

It ends with 0 if an engine can be used, 1 if none can or it was interrupted, and 2 if it was called wrongly.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	choice := flags.String("engine", "", "probe this `engine` only (default: all)")
	asJSON := flags.Bool("json", false, "print JSON instead of a table")
	noFetch := flags.Bool("no-fetch", false, "do not fetch missing libraries")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "doctor: argument = %q, want flags only (see --help)\n", flags.Arg(0))
		return 2
	}

	reports, err := engine.Probe(ctx, *choice, !*noFetch, stderr)
	if err != nil {
		fmt.Fprintln(stderr, err)
		if ctx.Err() != nil {
			return 1
		}
		return 2
	}
	write := table
	if *asJSON {
		write = func(w io.Writer, reports []engine.Report) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(reports)
		}
	}
	if err := write(stdout, reports); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	for _, r := range reports {
		if r.Chosen {
			return 0
		}
	}
	return 1
}

// table prints one line per engine and, below, the choice.
func table(w io.Writer, reports []engine.Report) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "engine\tavailable\tGFLOP/s\tversion\tdevice")
	for _, r := range reports {
		if !r.Available {
			fmt.Fprintf(t, "%s\tno\t\t\t\n", r.Engine)
			continue
		}
		fmt.Fprintf(t, "%s\tyes\t%.1f\t%s\t%s\n", r.Engine, r.GFlops, r.Version, r.Device)
	}
	_ = t.Flush() // into memory
	for line := range strings.Lines(b.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}

	fmt.Fprintln(w)
	choice := "No engine can be used."
	for _, r := range reports {
		if r.Reason != "" {
			fmt.Fprintf(w, "%s: %s\n", r.Engine, r.Reason)
		}
		if r.Chosen {
			choice = fmt.Sprintf("The experiments would take %s: %s.", r.Engine, r.Why)
		}
	}
	_, err := fmt.Fprintln(w, choice)
	return err
}
