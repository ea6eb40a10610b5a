package train

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Progress shows one line that is rewritten on a terminal, and occasional lines elsewhere.
type Progress struct {
	Unit  string // what is counted; "step" where empty
	Batch int    // pictures in a step, to show how many there are per second; 0 for none

	out      io.Writer
	terminal bool
	name     string
	first    int
	steps    int
	began    time.Time
	shown    time.Time
	smooth   []float64
	width    int
}

// NewProgress writes to out; a nil out shows nothing.
func NewProgress(out io.Writer) *Progress {
	p := &Progress{out: out}
	switch f := out.(type) {
	case nil:
		p.out = io.Discard
	case *os.File:
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// Begin starts a new line for steps first+1 … steps.
func (p *Progress) Begin(name string, first, steps int) {
	p.name, p.first, p.steps = name, first, steps
	p.began, p.shown, p.smooth = time.Now(), time.Time{}, nil
	if first > 0 {
		fmt.Fprintf(p.out, "%s: resumes after step %d of %d\n", name, first, steps)
	}
}

// Step shows the state after a step; values are smoothed.
func (p *Progress) Step(step int, columns []string, values []float64) {
	if p.smooth == nil {
		p.smooth = append(p.smooth, values...)
	}
	for i, v := range values {
		p.smooth[i] += (v - p.smooth[i]) * 0.1
	}
	if step == p.first+1 {
		p.began = time.Now()
	}
	every := 20 * time.Second
	if p.terminal {
		every = 500 * time.Millisecond
	}
	if time.Since(p.shown) < every && step < p.steps {
		return
	}
	p.shown = time.Now()

	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %d/%d", p.name, cmp.Or(p.Unit, "step"), step, p.steps)
	var each time.Duration // of a step; the first one compiles and tells nothing
	if step > p.first+1 {
		each = time.Since(p.began) / time.Duration(step-p.first-1)
		fmt.Fprintf(&b, ", %s left", (each * time.Duration(p.steps-step)).Round(time.Second))
	}
	for i, name := range columns {
		fmt.Fprintf(&b, ", %s %.3g", name, p.smooth[i])
	}
	if p.Batch > 0 && each > 0 {
		fmt.Fprintf(&b, ", %.3g images/s", float64(p.Batch)/each.Seconds())
	}
	if !p.terminal {
		fmt.Fprintf(p.out, "%s\n", b.String())
		return
	}
	line := b.String()
	fmt.Fprintf(p.out, "\r%s%s", line, strings.Repeat(" ", max(p.width-len(line), 0)))
	p.width = len(line)
}

// Note says something between the lines of steps.
func (p *Progress) Note(text string) {
	p.End()
	fmt.Fprintf(p.out, "%s: %s\n", p.name, text)
}

// End finishes the line.
func (p *Progress) End() {
	if p.width > 0 {
		fmt.Fprintf(p.out, "\n")
	}
	p.width = 0
}
