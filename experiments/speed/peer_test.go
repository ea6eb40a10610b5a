package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const echo = `
import json, sys
print(json.dumps({"version": sys.argv[1]}), flush=True)
for line in sys.stdin:
    print(json.dumps({"said": line.strip()}), flush=True)
`

func TestPeerAnswersLineByLine(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	var hello struct{ Version string }
	p, err := start(t.Context(), python, "nothing", echo, []string{"7"}, nil, io.Discard, &hello)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for _, line := range []string{"one", "two"} {
		var answer struct{ Said string }
		if err := p.ask(line, &answer); err != nil || answer.Said != line || hello.Version != "7" {
			t.Errorf("answer = %+v, %v after %+v, want %q after 7", answer, err, hello, line)
		}
	}
}

func TestPeerThatCannotStartIsNamed(t *testing.T) {
	var hello struct{}
	var stderr bytes.Buffer
	if _, err := start(t.Context(), "no-such-python", "torch", echo, nil, nil, &stderr, &hello); err == nil || !strings.Contains(err.Error(), `python = "no-such-python"`) {
		t.Errorf("error = %v, want the program's name", err)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	if _, err := start(t.Context(), python, "a module of the moon", "import module_of_the_moon", nil, nil, &stderr, &hello); err == nil || !strings.Contains(err.Error(), "want a Python with a module of the moon") {
		t.Errorf("error = %v, want what is missing", err)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 2, 3}, 2.5}, {[]float64{5}, 5}} {
		if got := median(c.x); got != c.want {
			t.Errorf("median(%v) = %g, want %g", c.x, got, c.want)
		}
	}
}

type found struct{ N int }

func (f found) Markdown(w io.Writer) { fmt.Fprintf(w, "| %d |\n", f.N) }

func TestWriteLeavesBothFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	var text bytes.Buffer
	err := write(dir, "fid", found{3}, &text)
	if err != nil || !strings.HasPrefix(text.String(), "\n| 3 |\nwrote ") {
		t.Fatalf("%q, %v", &text, err)
	}
	for name, want := range map[string]string{"fid.md": "| 3 |", "fid.json": `"N": 3`} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s = %q, %v, want %q in it", name, b, err, want)
		}
	}
}
