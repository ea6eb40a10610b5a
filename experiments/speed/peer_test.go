package main

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const echo = `
import json, sys
print(json.dumps("version " + sys.argv[1]), flush=True)
for line in sys.stdin:
    print(json.dumps({"said": json.loads(line)}), flush=True)
`

func TestPeerAnswersLineByLine(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	p, version, err := start(t.Context(), python, "nothing", echo, []string{"7"}, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for _, line := range []string{"one", "two"} {
		var answer struct{ Said string }
		if err := p.ask(line, &answer); err != nil || answer.Said != line || version != "version 7" {
			t.Errorf("answer = %+v, %v after %+v, want %q after 7", answer, err, version, line)
		}
	}
}

func TestPeerThatCannotStartIsNamed(t *testing.T) {
	var stderr bytes.Buffer
	if _, _, err := start(t.Context(), "no-such-python", "torch", echo, nil, nil, &stderr); err == nil || !strings.Contains(err.Error(), `python = "no-such-python"`) {
		t.Errorf("error = %v, want the program's name", err)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	if _, _, err := start(t.Context(), python, "a module of the moon", "import module_of_the_moon", nil, nil, &stderr); err == nil || !strings.Contains(err.Error(), "want a Python with a module of the moon") {
		t.Errorf("error = %v, want what is missing", err)
	}
}
