// Command evaluate scores generated pictures against real ones, as clean-fid, torch-fidelity and dgm-eval do.
package main

import (
	"context"
	"io"

	"github.com/addlab/addlab/internal/program"
)

func main() { command().Main() }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command().Run(ctx, args, stdout, stderr)
}

func command() program.Program {
	o := options{ask: askOnTerminal}
	return program.Program{
		Name: "evaluate", Usage: usage, Interrupted: "extracted features are kept, and the same command resumes from there",
		Parse: o.parse,
		Do:    func(ctx context.Context, stdout, stderr io.Writer) error { return evaluate(ctx, o, stdout, stderr) },
	}
}

func evaluate(ctx context.Context, o options, stdout, stderr io.Writer) error {
	// What was asked for.
	if o.list {
		return list(stdout)
	}
	asked, err := o.metrics()
	if err != nil {
		return err
	}
	e := &evaluation{options: o, stderr: stderr}
	defer e.close()
	if err := e.open(); err != nil {
		return err
	}
	groups, err := e.group(asked)
	if err != nil {
		return err
	}
	if err := e.check(groups); err != nil {
		return err
	}

	// One extractor after the other: all sets, then all metrics that want its features.
	for _, g := range groups {
		if err := e.measure(ctx, g); err != nil {
			return err
		}
	}
	return e.show(stdout)
}
