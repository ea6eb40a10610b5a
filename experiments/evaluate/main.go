// Command evaluate scores generated pictures against real ones, as clean-fid, torch-fidelity and dgm-eval do.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/internal/program"
)

func main() { command().Main() }

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
	e := &evaluation{options: o, stderr: stderr, values: map[string][]judged{}, seen: map[string]resultSet{}}
	defer e.close()
	if err := e.open(ctx); err != nil {
		return err
	}
	groups, err := e.group(asked)
	if err != nil {
		return err
	}
	if err := e.check(groups); err != nil {
		return err
	}
	captioned := func(in input) bool { return len(in.set.Items) > 0 && in.set.Items[0].Caption != "" }
	if slices.ContainsFunc(e.generated(), captioned) && !slices.ContainsFunc(groups, func(g group) bool { return g.captions }) {
		e.notef("captions found: --metrics clip-score scores them")
	}

	// One extractor after the other: all sets, then all metrics that want its features.
	for _, g := range groups {
		if err := e.measure(ctx, g); err != nil {
			e.failed = append(e.failed, err)
			break
		}
	}
	err = errors.Join(e.failed...)
	if some := slices.ContainsFunc(slices.Collect(maps.Keys(e.values)), e.done); err != nil && (ctx.Err() != nil || !some) {
		return err
	}
	return errors.Join(e.show(stdout), err) // what was computed may have taken hours
}

func list(w io.Writer) error {
	fmt.Fprintln(w, "metrics")
	for _, m := range metric.All() {
		var outputs, params []string
		for _, o := range m.Outputs {
			outputs = append(outputs, o.Name+" "+map[bool]string{true: "↓", false: "↑"}[o.Lower])
		}
		for _, p := range m.Params {
			params = append(params, fmt.Sprintf("%s.%s=%d (%s)", m.Name, p.Name, p.Default, p.About))
		}
		fmt.Fprintf(w, "  %-25s %s (%s)\n%28sgives %s; extractor %s; usually %d pictures\n", m.Name, m.Title, m.Source, "", strings.Join(outputs, ", "), m.Extractor, m.Usual)
		if params != nil {
			fmt.Fprintf(w, "%28s%s\n", "", strings.Join(params, ", "))
		}
	}
	fmt.Fprintln(w, "\nextractors")
	for _, k := range extractor.Kinds() {
		modes := ""
		if k.Modes != nil {
			modes = "; modes " + strings.Join(k.Modes, ", ")
		}
		fmt.Fprintf(w, "  %-18s %s%s\n", k.Name, k.About, modes)
	}
	_, err := fmt.Fprintln(w, "\n↓ lower is better, ↑ higher is better; the first mode is the default")
	return err
}
