// Package check tests the fields of a config: an error names the first one that cannot work.
package check

import "fmt"

// Fields is a test of a config; the zero value has found no fault.
type Fields struct {
	Of  string // what the config belongs to, the beginning of an error
	Err error  // the first fault
}

// Want is a fault of a field unless ok.
func (f *Fields) Want(ok bool, field string, value any, want string) {
	if !ok {
		f.Also(fmt.Errorf("%s: %s = %v, want %s", f.Of, field, value, want))
	}
}

// Also takes the fault of a part.
func (f *Fields) Also(err error) {
	if f.Err == nil {
		f.Err = err
	}
}
