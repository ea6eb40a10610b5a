package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/notebooks/lessons"
)

const executed = `{"metadata": {"language_info": {"name": "go", "version": "go1.99"}}, "cells": [
	{"cell_type": "markdown", "source": ["# A\n", "title"]},
	{"cell_type": "code", "execution_count": 7, "source": ["x := 1\n", "show.Draw(x)"], "outputs": [
		{"output_type": "stream", "name": "stdout", "text": ["one\n", "tw"]},
		{"output_type": "stream", "name": "stdout", "text": "o\n"},
		{"output_type": "stream", "name": "stderr", "text": "aside\n"},
		{"output_type": "display_data", "data": {"text/html": ""}, "metadata": {}},
		{"output_type": "display_data", "data": {"text/html": [" "]}, "metadata": {}},
		{"output_type": "display_data", "data": {"image/png": "iVBO"}, "metadata": {}},
		{"output_type": "execute_result", "execution_count": 7, "data": {"text/plain": "<3"}, "metadata": {}}]}]}`

func TestNormaliseKeepsWhatStays(t *testing.T) {
	got, err := normalise("a.ipynb", []byte(executed), "cpu")
	if err != nil {
		t.Fatal(err)
	}
	for _, unwanted := range []string{"7", "go1.99", `"text/html"`} {
		if strings.Contains(string(got), unwanted) {
			t.Errorf("%q is still there:\n%s", unwanted, got)
		}
	}
	for _, want := range []string{`"one\ntwo\n"`, `"aside\n"`, "iVBO", "<3", `"scale": "cpu"`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is gone:\n%s", want, got)
		}
	}
	if again, err := normalise("a.ipynb", got, "cpu"); err != nil || !bytes.Equal(got, again) {
		t.Errorf("a second time it changes, error %v:\n%s", err, again)
	}
	big := strings.Replace(executed, "iVBO", strings.Repeat("A", sizeLimit), 1)
	if _, err := normalise("a.ipynb", []byte(big), "cpu"); err == nil || !strings.Contains(err.Error(), "want ≤ 1000") {
		t.Errorf("error = %v of a notebook that is too big", err)
	}
}

func TestStaleNotebooksAreTold(t *testing.T) {
	fresh, err := normalise("a.ipynb", []byte(executed), "cpu")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ why, old, new, want string }{
		{"fresh", "", "", ""},
		{"text may change", "title", "other title", ""},
		{"code has changed", "x := 1", "x := 2", "code cell 1 has changed"},
		{"a cell has come", `"cells": [`, `"cells": [{"cell_type": "code", "source": "y", "execution_count": null, "outputs": []},`, "code cell 1 has changed"},
		{"an error was kept", `"output_type": "execute_result"`, `"evalue": "exit status 1", "output_type": "error"`, "keeps an error: exit status 1"},
		{"saved by a browser", `"execution_count": null,`, `"execution_count": 3,`, "count of its execution"},
		{"never executed", `"addlab"`, `"other"`, "never kept"},
	} {
		text := strings.Replace(string(fresh), c.old, c.new, 1)
		n, err := readNotebook("a.ipynb", []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", c.why, err)
		}
		got := stale(n)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
	n, err := readNotebook("a.ipynb", fresh)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n.Cells {
		n.Cells[i].Outputs = nil
	}
	if got := stale(n); !strings.Contains(got, "cell 2 shows 0 of its 1 pictures") {
		t.Errorf("without its picture: %q", got)
	}
}

// The notebooks of the project show what their code gives, and a code host can show them.
func TestCommittedOutputsBelongToTheCode(t *testing.T) {
	names, err := filepath.Glob("../../notebooks/[0-9]*.ipynb")
	if err != nil || len(names) < 7 {
		t.Fatalf("notebooks: %v, error %v, want seven or more", names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			n, err := readNotebook(name, text)
			if err != nil {
				t.Fatal(err)
			}
			lead := strings.SplitN(string(n.Cells[0].Source), "\n##", 2)[0]
			for _, want := range []string{"**Shows**", "**Takes**", "**Change**"} {
				if !strings.Contains(lead, want) {
					t.Errorf("its first cell lacks %s", want)
				}
			}
			if len(text) > sizeLimit {
				t.Errorf("%d bytes, want ≤ %d", len(text), sizeLimit)
			}
			again := "go run ./experiments/lab --execute --write notebooks/" + filepath.Base(name)
			if len(n.Metadata.Kept.Cells) == 0 && !strings.Contains(string(text), `"output_type"`) {
				t.Skip("it has no outputs yet, so none are wrong: " + again)
			}
			if why := stale(n); why != "" {
				t.Errorf("%s. Keep new outputs: %s", why, again)
			}
			if n.Metadata.Kept.Scale == "smoke" {
				t.Error("it keeps the outputs of a toy, want those of scale cpu")
			}
		})
	}
}

func TestWhatIsTooBigIsNotLost(t *testing.T) {
	s := setting{root: t.TempDir()}
	name := filepath.Join(t.TempDir(), "a.ipynb")
	if err := os.WriteFile(name, []byte(executed), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := s.keep(name, []byte(executed), "cpu"); err != nil {
		t.Fatal(err)
	}
	small, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	big := []byte(strings.Replace(executed, "iVBO", strings.Repeat("A", sizeLimit), 1))
	if err := s.keep(name, big, "cpu"); err == nil || !strings.Contains(err.Error(), "executed-a.ipynb") {
		t.Errorf("error = %v, want it to say where the notebook is", err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, small) {
		t.Errorf("the notebook was touched, error %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(s.root, "results", "notebooks", "executed-a.ipynb")); err != nil || !bytes.Equal(got, big) {
		t.Errorf("what was executed is gone, error %v", err)
	}
}

// An edit that is saved while a notebook is executed is not overwritten; the outputs are kept aside.
func TestEditsDuringAnExecutionStay(t *testing.T) {
	text := `{"cells":[{"cell_type":"code","metadata":{},"source":["x := %d"],"outputs":[],"execution_count":null}],"metadata":{},"nbformat":4,"nbformat_minor":5}`
	name := filepath.Join(t.TempDir(), "01_edited.ipynb")
	edited := fmt.Sprintf(text, 2)
	if err := os.WriteFile(name, []byte(edited), 0o666); err != nil {
		t.Fatal(err)
	}
	s := setting{root: t.TempDir()}
	err := s.keep(name, fmt.Appendf(nil, text, 1), "smoke")
	if err == nil || !strings.Contains(err.Error(), "has changed since its execution began") {
		t.Errorf("error = %v, want one that says that the file has changed", err)
	}
	if now, err := os.ReadFile(name); err != nil || string(now) != edited {
		t.Errorf("the file is %q (%v), want the edit", now, err)
	}
	if _, err := os.Stat(filepath.Join(s.root, "results", "notebooks", "executed-01_edited.ipynb")); err != nil {
		t.Errorf("outputs are lost: %v", err)
	}
	if err := s.keep(name, []byte(edited), "smoke"); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

func TestScaleIsThatOfTheNotebooks(t *testing.T) {
	if scaleEnv != lessons.ScaleEnv {
		t.Errorf("scale is in %s, want %s", scaleEnv, lessons.ScaleEnv)
	}
}

func TestAnErrorOfPythonIsOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"Traceback\nnbclient.exceptions.DeadKernelError: Kernel died\n":                               "nbclient.exceptions.DeadKernelError: Kernel died",
		"nbclient.exceptions.CellTimeoutError: after 600 seconds.\nThe cell was: x := 1\n---------\n": "nbclient.exceptions.CellTimeoutError: after 600 seconds.",
		"no kernel gonb\nsomething else":                                                              "something else",
	} {
		if got := errorLine(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
