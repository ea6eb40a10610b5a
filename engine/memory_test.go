package engine

import (
	"runtime"
	"testing"
)

// What a program holds counts, and the peak stays when it is let go.
func TestMemoryGrowsByWhatIsHeld(t *testing.T) {
	before, _, err := Memory()
	if err != nil {
		t.Skip(err)
	}
	const size = 256 << 20
	held := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		held[i] = 1
	}
	now, peak, err := Memory()
	if err != nil || now-before < size/2 || peak < now-size/8 {
		t.Errorf("memory = %d, before %d, peak %d, error %v, want %d more", now, before, peak, err, size)
	}
	runtime.KeepAlive(held)
	held = nil
	TrimMemory()
	after, later, err := Memory()
	if err != nil || after > now-size/2 || later < peak-size/8 { // the kernel counts in batches
		t.Errorf("memory = %d after %d, peak %d after %d, error %v, want less and the same peak", after, now, later, peak, err)
	}
}
