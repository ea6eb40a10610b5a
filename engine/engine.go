package engine

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute"
)

// Engine is an open backend with the reason why it was chosen.
type Engine struct {
	Name     string // "xla:cuda", "xla:cpu", "onnx:cpu" or "go"
	Why      string // one line: why this one
	Version  string
	Device   string
	Backend  compute.Backend
	Refusals []Refusal // better or asked-for engines that did not open

	library library
}

// Refusal says why an engine is not used.
type Refusal struct {
	Engine string `json:"engine"`
	Reason string `json:"reason"`
}

// String is the line a program logs at its start.
func (e *Engine) String() string {
	return fmt.Sprintf("%s %s on %s (%s)", e.Name, e.Version, e.Device, e.Why)
}

// Close releases the backend. Closing twice, or nil, does nothing.
func (e *Engine) Close() {
	if e == nil || e.Backend == nil {
		return
	}
	defer func() { _ = recover() }() // a backend that panics on closing must not hide the program's own result
	if !e.Backend.IsFinalized() {
		e.Backend.Finalize()
	}
	e.Backend = nil
}

// Keeps is the number of trainings whose compiled steps are kept, at about 400 MB each. On a GPU compiling takes longer than a short
// training, so it covers a large axis; on a processor it is a tenth of one, so none is kept.
func (e *Engine) Keeps() int {
	if e.Name == xlaCUDA {
		return 24
	}
	return 0
}

// UnavailableError means that no engine of the choice opened; it lists the reasons.
type UnavailableError struct {
	Choice   string
	Refusals []Refusal
}

func (e *UnavailableError) Error() string {
	reasons := make([]string, len(e.Refusals))
	for i, r := range e.Refusals {
		reasons[i] = r.Engine + ": " + r.Reason
	}
	return fmt.Sprintf("engine: choice = %q does not open here: %s", e.Choice, strings.Join(reasons, "; "))
}
