package engine

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// Usage is the memory of a device that a compiled program needs while it runs, in bytes, as its compiler says.
type Usage struct {
	Inputs    int64 // the variables that it reads among them
	Outputs   int64 // the new values of the variables that it changes among them
	Aliases   int64 // of outputs that take the place of inputs
	Temporary int64 // what lies between, activations above all
}

// Beyond is what a program needs beside its inputs.
func (u Usage) Beyond() int64 { return u.Outputs - u.Aliases + u.Temporary }

// ErrNoUsage reports an engine that compiles programs but does not tell what memory they need.
var ErrNoUsage = errors.New("not known, as only XLA tells the memory that a compiled program needs")

// UsageOf is what the compiler says of a program.
//
// go-xla has the numbers, but keeps the struct that holds them in a private field, and GoMLX has no call for it.
func UsageOf(program compute.Executable) (Usage, error) {
	x, ok := program.(*xla.Executable)
	if !ok {
		return Usage{}, fmt.Errorf("engine: memory of a %T: %w", program, ErrNoUsage)
	}
	if err := x.CheckValid(); err != nil {
		return Usage{}, fmt.Errorf("engine: %w", err)
	}
	field := reflect.ValueOf(x).Elem().FieldByName("exec")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*pjrt.LoadedExecutable]() || field.IsNil() {
		return Usage{}, fmt.Errorf("engine: %T has no field exec of type *pjrt.LoadedExecutable, want the go-xla that go.mod names: %w", x, ErrNoUsage)
	}
	stats := (*(**pjrt.LoadedExecutable)(unsafe.Pointer(field.UnsafeAddr()))).OnDeviceMemoryUsageStats
	return Usage{Inputs: stats.Inputs, Outputs: stats.Outputs, Aliases: stats.Aliases, Temporary: stats.Temporary}, nil
}
