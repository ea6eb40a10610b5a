// Package show puts the project's pictures and tables where its reader is: into the notebook's cell, or, outside of a notebook, tables
// into the terminal and pictures into files that it names.
//
// Functions take the results of others, with their error: show.Draw(lab.Steps(1, 2, 4)). An error ends the cell with one line.
package show

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/addlab/addlab/internal/smallpng"
	"github.com/addlab/addlab/report"
)

// Drawing is a plot or a grid.
type Drawing interface{ PNG(w io.Writer) error }

// Draw shows a drawing as PNG, the one kind of picture that also shows in notebooks that are not trusted.
func Draw(d Drawing, err ...error) {
	Check(err...)
	picture(render(d))
}

// Pictures shows pictures that are encoded already, one below the other.
func Pictures(pictures ...report.Picture) {
	for _, p := range pictures {
		picture(p.PNG)
	}
}

// Table shows an ablation's table with its verdicts.
func Table(t report.Table, err ...error) {
	Check(err...)
	if !gonbui.IsNotebook {
		Check(t.Plain(os.Stdout))
		return
	}
	var b bytes.Buffer
	Check(t.HTML(&b))
	intoCell(gonbui.DisplayHtml, b.String())
}

// intoCell returns when the kernel has what is displayed: whatever it has not read when the cell's program ends is lost.
func intoCell[T any](display func(T), what T) {
	display(what)
	gonbui.Sync()
}

func render(d Drawing) []byte {
	var b bytes.Buffer
	Check(d.PNG(&b))
	return b.Bytes()
}

// picture shows a PNG in the cell, or writes it to a file of its own.
func picture(png []byte) {
	png = smallpng.Shrink(png)
	if gonbui.IsNotebook {
		intoCell(gonbui.DisplayPng, png)
		return
	}
	path, err := keep(os.TempDir(), png)
	Check(err)
	fmt.Println("picture:", path)
}

// keep writes a picture under a name that is free.
func keep(dir string, png []byte) (string, error) {
	f, err := os.CreateTemp(dir, "addlab-*.png")
	if err != nil {
		return "", err
	}
	if _, err := f.Write(png); err != nil {
		f.Close()
		return "", err
	}
	return filepath.Clean(f.Name()), f.Close()
}

// Check ends the cell where there is an error: one line that says what is wrong, instead of a stack of calls.
func Check(err ...error) {
	if fault := errors.Join(err...); fault != nil {
		fmt.Fprintln(os.Stderr, told(fault))
		os.Exit(1)
	}
}

// Must is Check for a value that is wanted further on.
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

// told is what a reader is told of an error.
func told(fault error) string {
	if errors.Is(fault, context.Canceled) {
		return "interrupted: what is finished is kept; run the cell again to resume from the last checkpoint"
	}
	return "error: " + strings.ReplaceAll(fault.Error(), "\n", "; ")
}
