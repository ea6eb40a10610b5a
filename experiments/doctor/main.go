// Command doctor shows which engines run on this machine, how fast they are, and which one the experiments would take.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
)

const usage = `doctor opens every engine that GoMLX can run on here, fetches what is missing, and measures a small training step.

  go run ./experiments/doctor                      all engines
  go run ./experiments/doctor --engine xla:cpu     only this one (xla, xla:cuda, xla:cpu, onnx, go, xla:/path/plugin.so)
  go run ./experiments/doctor --no-fetch           only what is on this machine already
  go run ./experiments/doctor --json               for programs

It ends with 0 if an engine can be used, else with 1.

`

type options struct {
	engine       string
	json, absent bool // absent libraries stay so
}

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "doctor", Usage: usage,
		Parse: func(f *flag.FlagSet, args []string) error {
			f.StringVar(&o.engine, "engine", "", "probe this `engine` only (default: all)")
			f.BoolVar(&o.json, "json", false, "print JSON instead of a table")
			f.BoolVar(&o.absent, "no-fetch", false, "do not fetch missing libraries")
			return program.Flags(f, args)
		},
		Do: func(ctx context.Context, stdout, stderr io.Writer) error { return examine(ctx, o, stdout, stderr) },
	}
}

func examine(ctx context.Context, o options, stdout, stderr io.Writer) error {
	reports, err := engine.Probe(ctx, o.engine, !o.absent, stderr)
	if err != nil {
		return err
	}
	if o.json {
		err = program.PrintJSON(stdout, reports)
	} else {
		err = table(stdout, reports)
	}
	if err == nil && !slices.ContainsFunc(reports, func(r engine.Report) bool { return r.Chosen }) {
		err = errors.New("no engine can be used")
	}
	return err
}

// table prints one line per engine and, below, where libraries came from, what is wrong, and the choice.
func table(w io.Writer, reports []engine.Report) error {
	var b, notes strings.Builder
	choice := ""
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "engine\tavailable\tGFLOP/s\tversion\tdevice")
	for _, r := range reports {
		if r.Available {
			fmt.Fprintf(t, "%s\tyes\t%.1f\t%s\t%s\n", r.Engine, r.GFlops, r.Version, r.Device)
		} else {
			fmt.Fprintf(t, "%s\tno\t\t\t\n", r.Engine)
		}
		if r.Library != "" {
			fmt.Fprintf(&notes, "%s: library from %s: %s\n", r.Engine, r.Source, r.Library)
		}
		if r.Reason != "" {
			fmt.Fprintf(&notes, "%s: %s\n", r.Engine, r.Reason)
		}
		if r.Chosen {
			choice = fmt.Sprintf("The experiments would take %s: %s.\n", r.Engine, r.Why)
		}
	}
	_ = t.Flush() // into memory
	for line := range strings.Lines(b.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
	_, err := fmt.Fprintf(w, "\n%s%s", &notes, choice)
	return err
}
