package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/internal/program"
)

const usage = `prefer asks people which pictures they prefer, and rates methods by their votes, as the user studies of the ADD paper do.

  go run ./experiments/prefer teacher shipped                                 the shipped networks, on held-out captions
  go run ./experiments/prefer one=shipped@1 four=shipped@4 teacher@25         the same student in 1 and 4 steps
  go run ./experiments/prefer disc-cond/none disc-cond/both                   cells of ablations, all their seeds
  go run ./experiments/prefer --results results/reference loss/adv loss/both-exp   committed cells, by the samples that they keep
  go run ./experiments/prefer ours=pictures/a theirs=pictures/b               folders with a metadata.jsonl, paired by caption
  go run ./experiments/prefer --report                                        the ratings so far, also while people vote

A METHOD is [NAME=]WHAT[@STEPS], and WHAT is one of
  a folder of pictures with captions (metadata.jsonl or .txt files), WebDataset shards, parquet files,
  hf:OWNER/NAME, or scenes (real pictures of the built-in world)
  AXIS/CELL, whose students are in --results
  a run: its folder, or its hash in --results
  teacher, shipped: the networks that come with addlab
Students and teachers draw the captions of the folders, or held-out ones where no folder is given.

The program prints the address of a page on this machine. Each vote is on the disk before the next pair is shown. Ctrl-C ends it, and
the same command continues. See docs/prefer.md.

`

// argument is a method as it was typed.
type argument struct {
	name, what string
	steps      int // 0 for the usual number
}

type options struct {
	methods                        []argument
	set                            dataset.Spec
	votes, results, pretrained     string
	engine, out                    string
	captions, pairs, port, mayFail int
	seed                           int64
	forced, report, all            bool
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	f.StringVar(&o.votes, "votes", filepath.Join("results", "preference", "votes.jsonl"), "`file` of votes, a line for each pair")
	f.BoolVar(&o.report, "report", false, "rate the methods by the votes and stop")
	f.StringVar(&o.out, "out", "", "`folder` for the tables of --report (default: that of the votes)")
	f.IntVar(&o.mayFail, "may-fail", 0, "`checks` of attention that a voter may fail before --report leaves the votes out")
	f.BoolVar(&o.all, "all-voters", false, "--report takes the votes of voters who failed checks of attention too")
	f.IntVar(&o.captions, "captions", 100, "`captions` at most, chosen by the seed where there are more; scenes gives its first ones")
	f.IntVar(&o.pairs, "pairs", 60, "`pairs` for each voter at most; one check of attention for nine of them is added")
	f.BoolVar(&o.forced, "forced", false, "leave out the answer \"cannot say\", as in the paper")
	f.Int64Var(&o.seed, "seed", 1, "seed of captions, orders and sides")
	f.IntVar(&o.port, "port", 0, "`port` of the page on 127.0.0.1 (default: a free one)")
	f.StringVar(&o.results, "results", "results", "`folder` that ablate wrote to, with cells and runs")
	o.set.Flags(f, " of the held-out captions and of the teacher")
	f.StringVar(&o.pretrained, "pretrained", "", "`folder` with the networks that students started from (default: found by their hashes)")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	methods, err := program.Inputs(f, args)
	if err != nil {
		return err
	}
	for _, text := range methods {
		a, err := parseArgument(text)
		if err != nil {
			return err
		}
		o.methods = append(o.methods, a)
	}
	return o.check()
}

func parseArgument(text string) (a argument, err error) {
	a.what = text
	if name, what, named := strings.Cut(text, "="); named && !strings.ContainsAny(name, "/\\") {
		if a.name, a.what = fold.OneLine(name), what; a.name == "" {
			return a, fmt.Errorf("method = %q, want a name before the =", text)
		}
	}
	if _, err := os.Stat(a.what); err != nil && !(dataset.Spec{Name: a.what}).OnHub() { // else it is a path as it stands, or has a revision
		if i := strings.LastIndexByte(a.what, '@'); i >= 0 {
			if a.steps, err = strconv.Atoi(a.what[i+1:]); err != nil || a.steps < 1 {
				return a, fmt.Errorf("method = %q, want a number of steps ≥ 1 after the @", text)
			}
			a.what = a.what[:i]
		}
	}
	if a.what == "" {
		return a, fmt.Errorf("method = %q, want a folder, AXIS/CELL, a run, teacher or shipped", text)
	}
	if a.name == "" {
		a.name = strings.TrimRight(filepath.ToSlash(text), "/")
		if filepath.IsAbs(text) || strings.HasPrefix(text, ".") {
			a.name = filepath.Base(filepath.Clean(text))
		}
	}
	if strings.IndexFunc(a.name, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return a, fmt.Errorf("method = %q, want a name that can be printed", text)
	}
	return a, nil
}

func (o options) check() error {
	named := map[string]bool{}
	for _, m := range o.methods {
		if named[m.name] {
			return fmt.Errorf("two methods are called %q, want NAME=%s for one of them", m.name, m.what)
		}
		named[m.name] = true
	}
	switch {
	case o.mayFail < 0:
		return fmt.Errorf("may-fail = %d, want ≥ 0", o.mayFail)
	case o.report && len(o.methods) > 0:
		return fmt.Errorf("report: method = %q, want none: the votes name them", o.methods[0].name)
	case o.report:
		return nil
	case len(o.methods) < 2:
		return fmt.Errorf("methods = %d, want two or more, for instance teacher shipped (see --help)", len(o.methods))
	case o.captions < 1 || o.pairs < 1:
		return fmt.Errorf("captions = %d, pairs = %d, want ≥ 1", o.captions, o.pairs)
	case o.port < 0 || o.port > 65535:
		return fmt.Errorf("port = %d, want 0 to 65535", o.port)
	case o.out != "" || o.all || o.mayFail > 0:
		return errors.New("out, all-voters and may-fail belong to --report, which is not asked for")
	}
	return engine.Check(o.engine)
}
