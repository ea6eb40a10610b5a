// Package program is what the commands under experiments have in common: help, one line of error, exit codes, signals.
package program

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"
)

// Program is a command.
type Program struct {
	Name        string
	Usage       string // above the flags in the help
	Interrupted string // what to say of an interruption; "" for only that it was one

	// Parse reads the command line. Package flag's own help and complaints go nowhere: Run prints them.
	Parse func(f *flag.FlagSet, args []string) error
	Do    func(ctx context.Context, stdout, stderr io.Writer) error
}

// Main runs the program with the process's arguments and ends the process. A first interruption cancels the context, a second kills.
func (p Program) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(p.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Run returns 0 where all went well or help was asked for, 1 for a fault, 130 after an interruption. An error is one line.
func (p Program) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	err := p.Parse(f, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, p.Usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return 0
	}
	if err == nil {
		err = p.Do(ctx, stdout, stderr)
	}
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && !errors.Is(err, context.Canceled): // a fault on the way out: what the program promises may not hold
		fmt.Fprintf(stderr, "%s: interrupted, and: %s\n", p.Name, p.line(err))
		return 130
	case ctx.Err() != nil:
		said := "interrupted"
		if p.Interrupted != "" {
			said += ": " + p.Interrupted
		}
		fmt.Fprintf(stderr, "%s: %s\n", p.Name, said)
		return 130
	}
	fmt.Fprintf(stderr, "%s: %s\n", p.Name, p.line(err))
	return 1
}

// line is an error in one line, without the program's name before it.
func (p Program) line(err error) string {
	clear := strings.NewReplacer("\n", "; ", syscall.ENOTDIR.Error(), "a part of the path is a file, not a folder")
	return clear.Replace(strings.TrimPrefix(err.Error(), p.Name+": "))
}

// PrintJSON prints a value for other programs.
func PrintJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Full is a struct for JSON, with the fields that omitempty leaves out. A nil pointer is null, and what writes its own JSON does so.
func Full(v any) any {
	from := reflect.Indirect(reflect.ValueOf(v))
	if _, own := v.(json.Marshaler); own || from.Kind() != reflect.Struct {
		return v
	}
	var fields []reflect.StructField
	for f := range from.Fields() {
		f.Type, f.Tag = reflect.TypeFor[any](), reflect.StructTag(strings.ReplaceAll(string(f.Tag), ",omitempty", ""))
		fields = append(fields, f)
	}
	full := reflect.New(reflect.StructOf(fields)).Elem()
	for i := range fields {
		full.Field(i).Set(reflect.ValueOf(Full(from.Field(i).Interface())))
	}
	return full.Interface()
}

// PrintConfig adds --print-config and its short form -n.
func PrintConfig(f *flag.FlagSet, on *bool, what string) {
	f.BoolVar(on, "print-config", false, "print "+what+" and stop")
	f.BoolVar(on, "n", false, "short for --print-config")
}

func parse(f *flag.FlagSet, args []string) error {
	err := f.Parse(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	return fmt.Errorf("%w (see --help)", err)
}

// Inputs parses args, in which flags may stand anywhere, and returns what is no flag.
func Inputs(f *flag.FlagSet, args []string) (inputs []string, err error) {
	for {
		if err := parse(f, args); err != nil || f.NArg() == 0 {
			return inputs, err
		}
		inputs, args = append(inputs, f.Arg(0)), f.Args()[1:]
	}
}

// Flags parses args and refuses what is no flag.
func Flags(f *flag.FlagSet, args []string) error {
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		hint := ""
		for _, name := range []string{"prompt", "axis"} { // flags that are left out most
			if f.Lookup(name) != nil {
				hint = fmt.Sprintf(", perhaps --%s %q", name, f.Arg(0))
			}
		}
		return fmt.Errorf("argument = %q, want flags only%s (see --help)", f.Arg(0), hint)
	}
	return nil
}
