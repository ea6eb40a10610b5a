// Package slurm hands a program to Slurm as a job array whose tasks share a folder.
package slurm

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Job is a program that Slurm runs once, or Tasks times side by side.
type Job struct {
	Name    string
	Program string   // path of the executable on a file system that the nodes share
	Args    []string // of the program
	Tasks   int      // 0 for a single job
	Logs    string   // folder of what tasks print, which must exist
	Options string   // of sbatch, such as "--partition=gpu -t 60", as one line of a script has them
	After   string   // id of a job that must end first, however it ends; "" for none
}

// Script is what sbatch reads. A task that is preempted, or whose node fails, is queued again and its program starts anew. The program
// takes the place of the shell, so that it is the program that a signal reaches.
func (j Job) Script() string {
	log := "%j"
	lines := []string{"--job-name=" + j.Name}
	if j.Tasks > 0 {
		lines, log = append(lines, fmt.Sprintf("--array=1-%d", j.Tasks)), "%A_%a"
	}
	if j.After != "" {
		lines = append(lines, "--dependency=afterany:"+j.After)
	}
	lines = append(lines, "--output="+j.Logs+"/"+log+".log", "--open-mode=append", "--requeue")
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	if j.Options != "" {
		lines = append(lines, j.Options)
	}
	for _, option := range lines {
		fmt.Fprintf(&b, "#SBATCH %s\n", option)
	}
	b.WriteString("exec")
	for _, word := range append([]string{j.Program}, j.Args...) {
		b.WriteString(" " + quoted(word))
	}
	return b.String() + "\n"
}

// quoted is a word of a shell's command line.
func quoted(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%", r)
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Submit gives the job to sbatch, for the current folder, and returns its id.
func (j Job) Submit(ctx context.Context) (id string, err error) {
	cmd := exec.CommandContext(ctx, "sbatch", "--parsable")
	cmd.Stdin = strings.NewReader(j.Script())
	out, err := cmd.Output()
	var failed *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("slurm: no program sbatch here, want it on the PATH of a machine from which jobs are submitted")
	case errors.As(err, &failed):
		return "", fmt.Errorf("slurm: sbatch refused the job: %s", strings.TrimSpace(string(failed.Stderr)))
	case err != nil:
		return "", fmt.Errorf("slurm: %w", err)
	}
	id, _, _ = strings.Cut(strings.TrimSpace(string(out)), ";") // a cluster's name may follow
	return id, nil
}
