//go:build unix

package record

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A thousand runs are listed at once.
func TestAThousandPackedRunsListFast(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	finish(t, dir, tinyConfig{}, 7)
	path, _, err := Pack(dir, "pictures.png")
	if err != nil {
		t.Fatal(err)
	}
	line := read(t, path)
	var text strings.Builder
	for seed := range int64(1000) {
		config := tinyConfig{Seed: seed + 1}
		b, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		var p packed
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		p.Run, p.Config, p.Files["pictures.png"] = mustHash(t, config), b, make([]byte, 20_000)
		if err := json.NewEncoder(&text).Encode(p); err != nil {
			t.Fatal(err)
		}
	}
	write(t, path, text.String())
	began := processorTime(t)
	all, err := openRuns(t, dir).All()
	took := processorTime(t) - began
	if err != nil || len(all) != 1001 || took > 2*time.Second {
		t.Errorf("%d runs in %v of a processor (%v), want 1001 in well under 2 s", len(all), took, err)
	}
	t.Logf("1001 runs in %v of a processor", took)
}

// processorTime is that of this process: other programs do not count.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
