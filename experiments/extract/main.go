// Command extract times the extraction of Inception features beside torch-fidelity on the same pictures, weights and cores.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/internal/timing"
	"github.com/addlab/addlab/record"
)

const usage = `extract times how many pictures a second become Inception features, and compares with torch-fidelity in the same run.

  go run ./experiments/extract --weights pt_inception-2015-12-05-6726825d.pth
  go run ./experiments/extract --weights FILE --python venv/bin/python3      from a Python that has torch and torch-fidelity

Both take turns, round by round, so that whatever else the machine does disturbs both alike. Random weights are as fast as real
ones; eval/extractor/testdata/fullsize.py makes some.

`

type options struct {
	weights, python, engine, out string
	pictures, batch, rounds      int
}

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "extract", Usage: usage, Parse: o.parse,
		Do: func(ctx context.Context, stdout, stderr io.Writer) error { return extract(ctx, o, stdout, stderr) },
	}
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	f.StringVar(&o.weights, "weights", "", "`file` of Inception's weights as PyTorch saved them (default: where PyTorch's hub keeps them)")
	f.StringVar(&o.python, "python", "", "`program`: a Python with torch and torch-fidelity; empty to leave them out")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.StringVar(&o.out, "out", "results/speed", "`folder` for extract.json and extract.md")
	f.IntVar(&o.pictures, "pictures", 64, "`pictures` of a round")
	f.IntVar(&o.batch, "batch", 16, "`pictures` per call of the network, of both")
	f.IntVar(&o.rounds, "rounds", 5, "`rounds` after the first, which compiles")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	if o.pictures < 1 || o.batch < 1 || o.rounds < 1 {
		return fmt.Errorf("pictures = %d, batch = %d, rounds = %d, want ≥ 1", o.pictures, o.batch, o.rounds)
	}
	if o.python != "" && o.weights == "" {
		return errors.New("weights are not named, want the file that both are to read")
	}
	return nil
}

func extract(ctx context.Context, o options, stdout, stderr io.Writer) error {
	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Fprintln(stdout, "engine:", e)
	r := Report{Pictures: o.pictures, Batch: o.batch, Environment: record.NewEnvironment(e.Name, e.Version, e.Device)}
	ours, err := openOurs(ctx, e, o)
	if err != nil {
		return err
	}
	defer ours.close()
	var theirs *peer
	if o.python != "" {
		if theirs, err = openTheirs(ctx, o, stderr); err != nil {
			return err
		}
		defer theirs.Close()
		r.TorchVersion = theirs.version
	}
	for round := range o.rounds + 1 {
		seconds, err := ours.round(ctx)
		if err != nil {
			return err
		}
		if round == 0 {
			r.First = seconds
		} else {
			r.Ours = append(r.Ours, seconds)
		}
		fmt.Fprintf(stdout, "round %d: %.2f s", round, seconds)
		if theirs != nil {
			if seconds, err = theirs.round(); err != nil {
				return err
			}
			if round > 0 {
				r.Torch = append(r.Torch, seconds)
			}
			fmt.Fprintf(stdout, ", torch-fidelity %.2f s", seconds)
		}
		fmt.Fprintln(stdout)
	}
	if theirs != nil {
		if r.Difference, err = theirs.difference(ours.features); err != nil {
			return err
		}
	}
	text, err := timing.Write(o.out, "extract", r)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\n%swrote %s\n", text, o.out)
	return nil
}
