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

// peer is a Python process that answers each line with a line of JSON, and waits in between.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start runs a script with arguments and further environment. Its first line, a greeting, is read into hello; wanted says what the
// Python must have.
func start(ctx context.Context, python, wanted, script string, args, env []string, stderr io.Writer, hello any) (*peer, error) {
	p := &peer{cmd: exec.CommandContext(ctx, python, append([]string{"-c", script}, args...)...)}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), env...), stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("python = %q: %w", python, err)
	}
	if err := p.read(hello); err != nil {
		p.close()
		return nil, fmt.Errorf("python = %q: %w, want a Python with %s", python, err, wanted)
	}
	return p, nil
}

// ask sends a line and reads the answer.
func (p *peer) ask(line string, answer any) error {
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
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
