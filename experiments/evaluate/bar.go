package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// bar shows how far an extraction is: a line that is rewritten on a terminal, a line now and then elsewhere.
type bar struct {
	out      io.Writer
	terminal bool
	name     string
	began    time.Time
	shown    time.Time
	width    int
	open     bool
}

func newBar(out io.Writer, name string) *bar {
	b := &bar{out: out, name: name, began: time.Now()}
	if f, ok := out.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			b.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	b.shown = b.began
	return b
}

// every is how often the line is shown.
func (b *bar) every() time.Duration {
	if b.terminal {
		return 200 * time.Millisecond
	}
	return 20 * time.Second
}

// show shows done pictures out of total, of which cached came from the cache.
func (b *bar) show(done, total, cached int) {
	if time.Since(b.shown) < b.every() && done < total {
		return
	}
	b.shown = time.Now()
	line := barLine(b.name, done, total, cached, time.Since(b.began))
	if !b.terminal {
		fmt.Fprintln(b.out, line)
		return
	}
	fmt.Fprintf(b.out, "\r%s%s", line, strings.Repeat(" ", max(b.width-len(line), 0)))
	b.width, b.open = len(line), true
}

// end leaves the line.
func (b *bar) end() {
	if b.open {
		fmt.Fprintln(b.out)
	}
	b.open = false
}

func barLine(name string, done, total, cached int, spent time.Duration) string {
	const cells = 24
	full := cells * done / max(total, 1)
	line := fmt.Sprintf("%s [%s%s] %d/%d", name, strings.Repeat("█", full), strings.Repeat("·", cells-full), done, total)
	if cached > 0 {
		line += fmt.Sprintf(", %d from the cache", cached)
	}
	if extracted := done - cached; extracted > 0 && spent > 0 {
		rate := float64(extracted) / spent.Seconds()
		line += fmt.Sprintf(", %.3g pictures/s", rate)
		if done < total {
			line += fmt.Sprintf(", %v left", time.Duration(float64(total-done)/rate*float64(time.Second)).Round(time.Second))
		}
	}
	return line
}
