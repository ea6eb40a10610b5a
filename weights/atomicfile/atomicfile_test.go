package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestAFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	temporary := ""
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "half")
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if IsTemporary(e.Name()) {
				temporary = e.Name()
			}
		}
		return full
	})
	if !errors.Is(err, full) || temporary == "" {
		t.Errorf("error = %v, temporary file %q", err, temporary)
	}
	entries, _ := os.ReadDir(dir)
	if b, _ := os.ReadFile(path); string(b) != "old" || len(entries) != 1 {
		t.Errorf("file = %q in %v", b, entries)
	}
}

func TestOnlyOurTemporaryFilesAreTemporary(t *testing.T) {
	for name, want := range map[string]bool{
		"a.json.tmp-0123456789abcdef": true,
		"a.json":                      false,
		"a.tmp-notes":                 false,
		".tmp-0123456789abcdef":       false,
	} {
		if IsTemporary(name) != want {
			t.Errorf("IsTemporary(%q) = %v", name, !want)
		}
	}
}
