package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

// What could not be written is named once, and never by its temporary name.
func TestAnErrorNamesTheFileOnce(t *testing.T) {
	dir := t.TempDir()
	nothing := func(io.Writer) error { return nil }
	missing, folder := filepath.Join(dir, "missing", "a"), filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Write(missing, nothing); !errors.Is(err, fs.ErrNotExist) || err.Error() != "write "+missing+": no such file or directory" {
		t.Errorf("error = %v", err)
	}
	if err := Write(folder, nothing); err == nil || strings.Contains(err.Error(), mark) || strings.Count(err.Error(), folder) != 1 {
		t.Errorf("error = %v, want the file once", err)
	}
	source := filepath.Join(dir, "source")
	err := Write(filepath.Join(dir, "copy"), func(io.Writer) error { _, err := os.Open(source); return err })
	if err == nil || !strings.Contains(err.Error(), source) {
		t.Errorf("error = %v, want the file that was missing", err)
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

func TestTemporariesOfKilledProcessesGo(t *testing.T) {
	dir := t.TempDir()
	old, young, other := "table.md.tmp-0123456789abcdef", "table.md.tmp-fedcba9876543210", "table.md"
	for _, name := range []string{old, young, other} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-time.Hour)
	for _, name := range []string{old, other} {
		if err := os.Chtimes(filepath.Join(dir, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveStale(dir, 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{old: false, young: true, other: true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", name, err == nil, want)
		}
	}
}

// A folder appears whole, or nothing does. One that is there stays, whatever it holds.
func TestFolder(t *testing.T) {
	parent := t.TempDir()
	dir, full := filepath.Join(parent, "new", "folder"), errors.New("no space left on device")
	with := func(text string, err error) func(string) error {
		return func(temp string) error {
			return errors.Join(os.Mkdir(filepath.Join(temp, "part"), 0o777), os.WriteFile(filepath.Join(temp, "part", "file"), []byte(text), 0o666), err)
		}
	}
	if err := Folder(dir, with("half", full)); !errors.Is(err, full) {
		t.Errorf("error = %v, want %v", err, full)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a failed folder is there")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil { // an empty one is as good as none
		t.Fatal(err)
	}
	for range 2 {
		if err := Folder(dir+"/", with("text", nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Folder(dir, with("other", nil)); err == nil || !strings.Contains(err.Error(), dir+" is there already with other files, want a new folder") {
		t.Errorf("error = %v, want one of the folder", err)
	}
	entries, _ := os.ReadDir(filepath.Dir(dir))
	if text, err := os.ReadFile(filepath.Join(dir, "part", "file")); string(text) != "text" || err != nil || len(entries) != 1 {
		t.Errorf("file = %q (%v) in %v", text, err, entries)
	}
	link, disk := filepath.Join(parent, "link"), t.TempDir()
	if err := os.Symlink(disk, link); err != nil {
		t.Skip(err)
	}
	if err := Folder(link, with("text", nil)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("a link became %v (%v)", info, err)
	}
	if _, err := os.Stat(filepath.Join(disk, "part", "file")); err != nil {
		t.Error(err)
	}
	file := filepath.Join(parent, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Folder(file, with("text", nil)); err == nil {
		t.Error("a file was replaced")
	}
}
