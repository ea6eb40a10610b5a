package show

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Check ends the cell where there is an error: one line that says what is wrong, instead of a stack of calls.
func Check(err ...error) {
	if fault := errors.Join(err...); fault != nil {
		fmt.Fprintln(os.Stderr, told(fault))
		os.Exit(1)
	}
}

// Must is Check for a value that is wanted further on.
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

// told is what a reader is told of an error.
func told(fault error) string {
	if errors.Is(fault, context.Canceled) {
		return "interrupted: what is finished is kept; run the cell again to resume from the last checkpoint"
	}
	return "error: " + strings.ReplaceAll(fault.Error(), "\n", "; ")
}
