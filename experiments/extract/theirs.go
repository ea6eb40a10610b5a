package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strconv"

	"github.com/addlab/addlab/eval"
)

//go:embed fidelity.py
var fidelity string

// peer is torch-fidelity in a Python of its own.
type peer struct {
	version string
	command *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Reader
}

// answer is a line of fidelity.py.
type answer struct {
	Version  string
	Seconds  float64
	Features []float32
}

func openTheirs(ctx context.Context, o options, stderr io.Writer) (*peer, error) {
	p := &peer{command: exec.CommandContext(ctx, o.python, "-c", fidelity, o.weights, strconv.Itoa(o.pictures), strconv.Itoa(o.batch), strconv.Itoa(side))}
	p.command.Stderr = stderr
	var err error
	if p.ask, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("python = %q: %w", o.python, err)
	}
	hello, err := p.read()
	if err != nil {
		p.close()
		return nil, err
	}
	p.version = hello.Version
	return p, nil
}

func (p *peer) read() (a answer, err error) {
	line, err := p.answers.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("torch-fidelity ended: %w", err)
	}
	return a, json.Unmarshal(line, &a)
}

// round extracts all pictures and returns the seconds.
func (p *peer) round(context.Context) (float64, error) {
	if _, err := io.WriteString(p.ask, "round\n"); err != nil {
		return 0, err
	}
	a, err := p.read()
	return a.Seconds, err
}

// difference is the largest distance of two rows over the length of torch-fidelity's.
func (p *peer) difference(ours eval.Features) (float64, error) {
	if _, err := io.WriteString(p.ask, "features\n"); err != nil {
		return 0, err
	}
	a, err := p.read()
	if err != nil {
		return 0, err
	}
	if len(a.Features) != len(ours.Data) {
		return 0, fmt.Errorf("torch-fidelity gives %d numbers, want %d", len(a.Features), len(ours.Data))
	}
	most := 0.0
	for i := range ours.N {
		var diff, size float64
		for j, v := range ours.Row(i) {
			w := float64(a.Features[i*ours.D+j])
			diff, size = diff+(float64(v)-w)*(float64(v)-w), size+w*w
		}
		most = max(most, math.Sqrt(diff/size))
	}
	return most, nil
}

func (p *peer) close() {
	_ = p.ask.Close()
	_ = p.command.Wait()
}
