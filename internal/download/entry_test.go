package download

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWaitForTheLockEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	waits := 0
	if _, err := Lock(ctx, path, func() { waits++ }); err == nil || waits != 1 {
		t.Errorf("second lock: error = %v after %d messages, want the context's error after 1", err, waits)
	}
	unlock()
	again, err := Lock(t.Context(), path, func() { t.Error("waits for a lock that was given back") })
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// write fills an entry with two files of 3 and 4 bytes.
func write(_, dir string) error {
	return errors.Join(os.WriteFile(filepath.Join(dir, "a"), []byte("abc"), 0o666), os.Mkdir(filepath.Join(dir, "sub"), 0o777), os.WriteFile(filepath.Join(dir, "sub", "b"), []byte("defg"), 0o666))
}

func TestAnEntryIsWholeOrNotThere(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	e := Entry{Folder: "things", Name: "thing-1", Pin: "abc"}
	fails := func(work, dir string) error { return errors.Join(write(work, dir), errors.New("half way")) }
	if _, err := e.Make(t.Context(), nil, fails); err == nil {
		t.Error("no error though the files could not be written")
	}
	if _, ok := e.Find(); ok {
		t.Error("half an entry is found")
	}
	dir, err := e.Make(t.Context(), nil, write)
	if err != nil {
		t.Fatal(err)
	}
	if found, ok := e.Find(); !ok || found != dir {
		t.Errorf("found %q, %v, want %q", found, ok, dir)
	}
	if _, err := e.Make(t.Context(), nil, fails); err != nil {
		t.Errorf("made again: %v", err)
	}
	other := e
	other.Pin = "abd"
	if _, ok := other.Find(); ok {
		t.Error("an entry made of other files is found")
	}
	if err := os.Truncate(filepath.Join(dir, "sub", "b"), 2); err != nil {
		t.Fatal(err)
	}
	if _, ok := e.Find(); ok {
		t.Error("an entry with a shortened file is found")
	}
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v, want the entry and its lock alone", entries, err)
	}
}
