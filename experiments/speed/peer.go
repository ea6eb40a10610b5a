package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

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
