package program

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestExitCodes(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		why            string
		ctx            context.Context
		args           []string
		do             error
		rc             int
		stdout, stderr string
	}{
		{"all went well", t.Context(), nil, nil, 0, "did it\n", ""},
		{"help has the usage and the flags", t.Context(), []string{"--help"}, nil, 0, "how to use it", ""},
		{"a fault is one line", t.Context(), nil, errors.New("a\nb"), 1, "", "toy: a; b\n"},
		{"the program's name stands once", t.Context(), nil, errors.New("toy: a"), 1, "", "toy: a\n"},
		{"an unknown flag", t.Context(), []string{"--fast"}, nil, 1, "", "see --help"},
		{"an argument is not swallowed", t.Context(), []string{"7"}, nil, 1, "", `argument = "7"`},
		{"it says which flag may be meant", t.Context(), []string{"a star"}, nil, 1, "", `perhaps --prompt "a star"`},
		{"a file in place of a folder", t.Context(), nil, &fs.PathError{Op: "open", Path: "a/b", Err: syscall.ENOTDIR}, 1, "", "open a/b: a part of the path is a file, not a folder"},
		{"a fault beside an interruption", cancelled, nil, errors.New("the disk is full"), 130, "", "toy: interrupted, and: the disk is full\n"},
		{"an interruption", cancelled, nil, context.Canceled, 130, "", "toy: interrupted: nothing is lost\n"},
	} {
		t.Run(c.why, func(t *testing.T) {
			p := Program{
				Name: "toy", Usage: "how to use it\n", Interrupted: "nothing is lost",
				Parse: func(f *flag.FlagSet, args []string) error {
					f.Int("n", 1, "a `number`")
					f.String("prompt", "", "a `caption`")
					return Flags(f, args)
				},
				Do: func(_ context.Context, stdout, _ io.Writer) error {
					if c.do == nil {
						io.WriteString(stdout, "did it\n")
					}
					return c.do
				},
			}
			var stdout, stderr bytes.Buffer
			if rc := p.Run(c.ctx, c.args, &stdout, &stderr); rc != c.rc {
				t.Errorf("rc = %d, want %d", rc, c.rc)
			}
			if !strings.Contains(stdout.String(), c.stdout) || c.stdout == "" && stdout.Len() > 0 {
				t.Errorf("stdout = %q, want %q", &stdout, c.stdout)
			}
			if !strings.Contains(stderr.String(), c.stderr) || c.stderr == "" && stderr.Len() > 0 {
				t.Errorf("stderr = %q, want %q", &stderr, c.stderr)
			}
		})
	}
}

func TestFullLeavesNothingOut(t *testing.T) {
	type inner struct {
		Rate float64 `json:"rate,omitempty"`
	}
	type config struct {
		Pure  int       `json:"pure,omitempty"`
		Inner inner     `json:"inner"`
		Unset *inner    `json:"unset,omitempty"`
		Set   *inner    `json:"set,omitempty"`
		Times []int     `json:"times"`
		Began time.Time `json:"began"` // writes its own JSON
	}
	var b bytes.Buffer
	if err := PrintJSON(&b, Full(config{Times: []int{3}, Set: &inner{}})); err != nil {
		t.Fatal(err)
	}
	got, want := strings.Join(strings.Fields(b.String()), ""), `{"pure":0,"inner":{"rate":0},"unset":null,"set":{"rate":0},"times":[3],"began":"0001-01-01T00:00:00Z"}`
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestFlagsMayStandBetweenInputs(t *testing.T) {
	f := flag.NewFlagSet("program", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	n := f.Int("n", 1, "")
	got, err := Inputs(f, []string{"a", "-n", "2", "b", "c", "-n=3"})
	if err != nil || *n != 3 || !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%v, n = %d, %v, want a, b and c, 3", got, *n, err)
	}
	if _, err := Inputs(f, []string{"a", "--fast"}); err == nil || !strings.Contains(err.Error(), "see --help") {
		t.Errorf("error = %v, want one for the unknown flag", err)
	}
}

func TestPrintConfigHasAShortForm(t *testing.T) {
	for _, arg := range []string{"--print-config", "-n"} {
		var on bool
		f := flag.NewFlagSet("program", flag.ContinueOnError)
		PrintConfig(f, &on, "the config")
		if err := Flags(f, []string{arg}); err != nil || !on {
			t.Errorf("%s: %v, on = %v, want true", arg, err, on)
		}
	}
}
