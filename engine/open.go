package engine

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	onnxbackend "github.com/gomlx/compute-onnx"
	"github.com/gomlx/go-xla/compute/xla"

	"github.com/addlab/addlab/internal/download"
)

// Open opens the engine of the choice: "" (GOMLX_BACKEND, else automatic), "auto", "xla", "xla:cuda", "xla:cpu", "onnx",
// "onnx:cpu", "go", or any GoMLX configuration such as "xla:/path/plugin.so". Progress (may be nil) receives a line when a
// library is fetched and one when it has come.
func Open(ctx context.Context, choice string, progress io.Writer) (*Engine, error) {
	p, err := readChoice(choice)
	if err != nil {
		return nil, err
	}
	return openFirst(ctx, p, newSetting(true, progress))
}

// Check returns an error for a choice that names no engine, without opening one.
func Check(choice string) error {
	_, err := readChoice(choice)
	return err
}

// setting is what all openers need to know.
type setting struct {
	fetch    bool // libraries that are missing may be fetched
	progress io.Writer
	network  *download.Network
}

func newSetting(fetch bool, progress io.Writer) setting {
	if progress == nil {
		progress = io.Discard
	}
	// What is fetched is decided here, so the backends must not fetch on their own.
	xla.EnableAutoInstall(false)
	onnxbackend.EnableAutoInstall(false)
	return setting{fetch: fetch && !download.Off(), progress: progress, network: download.Internet}
}

// openFirst opens the first candidate that works. Where none does, the error lists the reasons.
func openFirst(ctx context.Context, p plan, s setting) (*Engine, error) {
	var refusals []string
	for _, c := range p.candidates {
		e, err := open(ctx, c, s)
		if ctx.Err() != nil {
			e.Close()
			return nil, fmt.Errorf("engine: opening %s: %w", c.label(), ctx.Err())
		}
		if err != nil {
			refusals = append(refusals, c.label()+": "+oneLine(err.Error()))
			continue
		}
		e.Why = p.why(e)
		return e, nil
	}
	return nil, fmt.Errorf("engine: choice = %q does not open here: %s", p.choice, strings.Join(refusals, "; "))
}

// open opens one candidate and runs a multiplication, since some faults (drivers, versions) show only then.
func open(ctx context.Context, c candidate, s setting) (*Engine, error) {
	opener := map[string]func(context.Context, candidate, setting) (*Engine, error){
		xlaCUDA: openXLACUDA, xlaCPU: openXLACPU, onnxCPU: openONNX, pureGo: openGo,
	}[c.name]
	if c.config != "" {
		opener = openConfig
	}
	e, err := opener(ctx, c, s)
	if err != nil {
		return nil, err
	}
	if err := multiplies(ctx, e.Backend); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (p plan) why(e *Engine) string {
	if p.choice != "" {
		return fmt.Sprintf("%s: %q", p.asker, p.choice)
	}
	why := map[string]string{
		xlaCUDA: "there is an NVIDIA GPU",
		xlaCPU:  "no usable GPU; XLA is the fastest engine on a processor",
		onnxCPU: "no XLA here; ONNX Runtime is the next fastest engine on a processor",
		pureGo:  "neither XLA nor ONNX Runtime is here",
	}[e.Name]
	if e.Name == pureGo && !builtWithSIMD() {
		why += "; building with GOEXPERIMENT=simd makes this engine several times faster"
	}
	return why
}

// attempt runs fn and turns a panic, or a call that takes longer than the limit, into an error.
// A call that hangs cannot be stopped; its goroutine is abandoned.
func attempt[T any](ctx context.Context, limit time.Duration, fn func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1) // buffered, so that a late answer is dropped and its goroutine ends
	go func() {
		var o outcome
		defer func() {
			if r := recover(); r != nil {
				o.err = fmt.Errorf("panic: %v", r)
			}
			done <- o
		}()
		o.value, o.err = fn()
	}()

	timer := time.NewTimer(limit)
	defer timer.Stop()
	var none T
	select {
	case o := <-done:
		return o.value, o.err
	case <-timer.C:
		return none, fmt.Errorf("no answer after %v", limit)
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// oneLine joins the lines of a message and cuts it to a length that fits a table.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.TrimSpace(s), "\n", "; ")), " ")
	if r := []rune(s); len(r) > 300 {
		s = string(r[:297]) + "…"
	}
	return s
}
