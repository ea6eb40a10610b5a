package record

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v\nwant … %s …", err, want)
	}
}

func folder(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestWriteFileReplacesAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	for _, content := range []string{"old", "new", ""} {
		if err := WriteFile(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != content || len(folder(t, dir)) != 1 {
			t.Errorf("got %q in %v, want %q", got, folder(t, dir), content)
		}
	}
}

func TestWriteErrorsNameTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	below := filepath.Join(file, "a.json") // no folder, not even for root
	checkError(t, WriteFile(below, nil), below)
	checkError(t, WriteJSON(below, 1), below)
	checkError(t, ReadJSON(below, new(int)), below)

	occupied := filepath.Join(t.TempDir(), "dir")
	write(t, filepath.Join(occupied, "x"), "")
	checkError(t, WriteFile(occupied, nil), occupied)
	if names := folder(t, filepath.Dir(occupied)); len(names) != 1 {
		t.Errorf("a failed write left %v", names)
	}

	path := filepath.Join(t.TempDir(), "a.json")
	write(t, path, "old")
	checkError(t, WriteJSON(path, map[string]float64{"fid": math.NaN()}), path)
	checkError(t, ReadJSON(path, new(int)), path)
	if got := read(t, path); got != "old" {
		t.Errorf("a failed write changed the file to %q", got)
	}
}

func TestNumberKeepsEveryValue(t *testing.T) {
	for _, x := range []float64{0, 1.5, -1e300, 5e-324, 1e21, math.Inf(1), math.Inf(-1), math.NaN()} {
		b, err := json.Marshal(Number(x))
		if err != nil {
			t.Fatal(err)
		}
		var got Number
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if math.Float64bits(float64(got)) != math.Float64bits(x) && !math.IsNaN(x) || math.IsNaN(x) != math.IsNaN(float64(got)) {
			t.Errorf("%g → %s → %g", x, b, float64(got))
		}
	}
	for _, text := range []string{`null`, `"1"`, `"nan"`, `true`} {
		if err := json.Unmarshal([]byte(text), new(Number)); err == nil {
			t.Errorf("%s is read as a number", text)
		}
	}
}
