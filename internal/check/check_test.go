package check

import (
	"errors"
	"testing"
)

func TestTheFirstFaultCounts(t *testing.T) {
	f := Fields{Of: "distill"}
	f.Want(true, "steps", 1, "≥ 1")
	f.Also(nil)
	if f.Err != nil {
		t.Errorf("error = %v, want none", f.Err)
	}
	f.Want(false, "batch", 0, "≥ 1")
	f.Also(errors.New("later"))
	if f.Err == nil || f.Err.Error() != "distill: batch = 0, want ≥ 1" {
		t.Errorf("error = %v, want that of the batch", f.Err)
	}
}
