package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/addlab/addlab/record"
)

// Report is what one call measured: NAME.json, and NAME.md as a table.
type Report struct {
	Title       string             `json:"title"` // heads the tasks
	Unit        string             `json:"unit"`  // of Times
	Rounds      int                `json:"rounds"`
	Environment record.Environment `json:"environment"`
	Rows        []Row              `json:"rows"`
	Notes       []string           `json:"notes"` // below the table
}

// Row is one way to do a task. The first row of a task is what the others are compared with.
type Row struct {
	Task  string    `json:"task"`
	Tool  string    `json:"tool"`
	First float64   `json:"first,omitempty"` // seconds of the very first call, which compiles
	Times []float64 `json:"times"`           // of every round
}

// tool does a task once. It returns how long that took, in the report's unit, and the number that came out.
type tool struct {
	task, name string
	compiles   bool // in its first call
	run        func(round int) (took, value float64, err error)
}

// takeTurns lets tools work one after the other in every round, so that other load on the machine slows all of them alike.
// The rounds of the warm-up are not kept. Tools for the same task must agree on its number.
func (r *Report) takeTurns(ctx context.Context, stdout io.Writer, warmup int, tools ...tool) error {
	rows := make([]Row, len(tools))
	for round := range warmup + r.Rounds {
		values := map[string]float64{}
		for i, t := range tools {
			if err := ctx.Err(); err != nil {
				return err
			}
			began := time.Now()
			took, value, err := t.run(round)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", t.task, t.name, err)
			}
			if want, known := values[t.task]; known && math.Abs(value-want) > 1e-6*math.Abs(want) {
				return fmt.Errorf("%s, %s: value = %.12g, want %.12g as by the tools before", t.task, t.name, value, want)
			}
			values[t.task] = value
			if round == 0 {
				rows[i] = Row{Task: t.task, Tool: t.name}
			}
			if round == 0 && t.compiles {
				rows[i].First = time.Since(began).Seconds()
			}
			if round >= warmup {
				rows[i].Times = append(rows[i].Times, took)
			}
		}
	}
	fmt.Fprintf(stdout, "%s: timed in %d rounds\n", tools[0].task, r.Rounds)
	r.Rows = append(r.Rows, rows...)
	return nil
}

// Markdown writes medians with quartiles, and within rounds how many times as fast as the task's first row a row is.
func (r Report) Markdown(w io.Writer) {
	fmt.Fprintf(w, "| %s | | %s | first call, s | times as fast |\n|---|---|---:|---:|---:|\n", r.Title, r.Unit)
	for _, row := range r.Rows {
		base := r.Rows[slices.IndexFunc(r.Rows, func(other Row) bool { return other.Task == row.Task })]
		faster := make([]float64, len(row.Times))
		for i, took := range row.Times {
			faster[i] = base.Times[i] / took
		}
		first, ratio := "–", "1"
		if row.First > 0 {
			first = fmt.Sprintf("%.1f", row.First)
		}
		if row.Tool != base.Tool {
			ratio = quartiles(faster)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", row.Task, row.Tool, quartiles(row.Times), first, ratio)
	}
	fmt.Fprintf(w, "\nMedians of %d rounds with their quartiles, on %s. Each row is compared with the first one of its task, round by round.\n", r.Rounds, r.Environment.Device)
	for _, note := range r.Notes {
		fmt.Fprintf(w, "%s\n", note)
	}
}

// historyFile has every measurement of a folder, one after the other, as benchstat reads them: -col commit compares them.
const historyFile = "history.txt"

// benchmarks is the report in Go's benchmark format (https://go.dev/design/14313-benchmark-format), a line for every round.
func (r Report) benchmarks() []byte {
	var b bytes.Buffer
	env := r.Environment
	for _, field := range [][2]string{{"commit", env.Commit}, {"cpu", env.CPU}, {"engine", env.Engine}, {"engine-version", env.EngineVersion}, {"device", env.Device}} {
		fmt.Fprintf(&b, "%s: %s\n", field[0], field[1]) // also without a value: the one of the measurement before would hold
	}
	unit, scale := strings.ReplaceAll(r.Unit, " per ", "/"), 1.
	if r.Unit == "seconds" {
		unit, scale = "ns/op", 1e9
	}
	word := strings.NewReplacer(" ", "_", "/", "_", ",", "", ":", "")
	for _, row := range r.Rows {
		for _, took := range row.Times {
			fmt.Fprintf(&b, "Benchmark/task=%s/tool=%s 1 %.6g %s\n", word.Replace(row.Task), word.Replace(row.Tool), scale*took, unit)
		}
	}
	return append(b.Bytes(), '\n')
}

// show leaves name.json and name.md in a folder, and prints the table.
func (r Report) show(folder, name string, stdout io.Writer) error {
	var text bytes.Buffer
	r.Markdown(&text)
	return leave(folder, name, r, text.Bytes(), stdout)
}

// write is show, and adds what was measured to the folder's history.
func (r Report) write(folder, name string, stdout io.Writer) error {
	if err := r.show(folder, name, stdout); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(folder, historyFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(r.benchmarks())
	return errors.Join(err, f.Close())
}

func leave(folder, name string, report any, text []byte, stdout io.Writer) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	if err := record.WriteJSON(filepath.Join(folder, name+".json"), report); err != nil {
		return err
	}
	if err := record.WriteFile(filepath.Join(folder, name+".md"), text); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "\n%swrote %s\n", text, folder)
	return err
}

// quartiles are the median with the quartiles, in three digits.
func quartiles(x []float64) string {
	x = slices.Sorted(slices.Values(x))
	n, middle := len(x), median(x)
	digits := max(0, 2-int(math.Floor(math.Log10(middle))))
	return fmt.Sprintf("%.[1]*[2]f (%.[1]*[3]f–%.[1]*[4]f)", digits, middle, x[n/4], x[n*3/4])
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// peer is a Python process that answers each line of JSON with another, and waits in between.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start runs a script with further environment. Its first line says which versions it has; wanted says what the Python must have.
func start(ctx context.Context, python, wanted, script string, args, env []string, stderr io.Writer) (p *peer, versions string, err error) {
	p = &peer{cmd: exec.CommandContext(ctx, python, append([]string{"-c", script}, args...)...)}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), env...), stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("python = %q: %w", python, err)
	}
	if err := p.read(&versions); err != nil {
		p.close()
		return nil, "", fmt.Errorf("python = %q: %w, want a Python with %s", python, err, wanted)
	}
	return p, versions, nil
}

// ask sends a request and reads the answer.
func (p *peer) ask(request, answer any) error {
	if err := json.NewEncoder(p.in).Encode(request); err != nil {
		return err
	}
	return p.read(answer)
}

func (p *peer) read(answer any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	return json.Unmarshal(line, answer)
}

// close ends the process; what it says by then no longer matters.
func (p *peer) close() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}
