package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/slurm"
)

// submit gives the sweep to Slurm: an array of tasks that share it, and after them a job that makes the tables. With --dry-run it prints
// both scripts. The program is copied beside the results, since what `go run` builds is gone when the tasks start.
func submit(ctx context.Context, o options, stdout io.Writer) error {
	out, err := filepath.Abs(o.out)
	if err != nil {
		return err
	}
	dir := filepath.Join(out, "slurm")
	if strings.ContainsAny(dir, " \t\n\"'%\\") { // sbatch reads these in the name of a log
		return fmt.Errorf("out = %q, want a path without spaces, quotes, %% and \\ with --slurm", out)
	}
	work := slurm.Job{
		Name: "ablate", Program: filepath.Join(dir, "ablate"), Args: append(slices.Clone(o.flags), fmt.Sprintf("--among=%d", o.slurm)),
		Tasks: o.slurm, Logs: dir, Options: strings.Join(strings.Fields(o.sbatch), " "),
	}
	tables := work
	tables.Name, tables.Args, tables.Tasks, tables.After = "ablate-tables", append(slices.Clone(o.flags), "--no-train"), 0, "ID"
	if o.dryRun {
		_, err := fmt.Fprintf(stdout, "%s\n%s\nID is what sbatch says of the first. Nothing was submitted.\n", work.Script(), tables.Script())
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := copyProgram(work.Program); err != nil {
		return err
	}
	if tables.After, err = work.Submit(ctx); err != nil {
		return err
	}
	last, err := tables.Submit(ctx)
	if err != nil {
		return fmt.Errorf("job %s was submitted, but not the one that makes the tables: %w", tables.After, err)
	}
	_, err = fmt.Fprintf(stdout, "job %s: %d tasks share the sweep; job %s then makes the tables\nwhat they print is in %s\n", tables.After, o.slurm, last, dir)
	return err
}

func copyProgram(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(to, func(w io.Writer) error { _, err := w.Write(program); return err }); err != nil {
		return err
	}
	return os.Chmod(to, 0o777)
}
