package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Two processes that the program starts itself leave the same tables, pictures and students as one does, and one table is printed.
func TestProcessesLeaveTheSameBytes(t *testing.T) {
	if testing.Short() || runtime.NumCPU() < 2 {
		t.Skip("pretrains and trains, on two cores")
	}
	if _, err := undisturbed(); err != nil {
		t.Fatal(err)
	}
	two := t.TempDir()
	if err := os.CopyFS(filepath.Join(two, "pretrained"), os.DirFS(filepath.Join(undisturbedFolder, "pretrained"))); err != nil {
		t.Fatal(err)
	}
	cmd, said := process(append(smallest(two), "--processes", "2")...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	want, got := shown(t, undisturbedFolder), shown(t, two)
	for _, files := range []map[string]string{want, got} {
		delete(files, "augment/bench.txt") // it says how many cores a process had
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-one process +two)\n%s", diff)
	}
	text := said.String()
	if !strings.Contains(text, "\n1| ") || !strings.Contains(text, "\n2| ") || strings.Count(text, "runs are in") != 1 {
		t.Errorf("said %s\nwant lines of both processes and one table", text)
	}
}
