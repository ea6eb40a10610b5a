package engine

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/addlab/addlab/network/weights"
)

// writeWheel writes a wheel that holds the fake library and returns its checksum.
func writeWheel(t *testing.T, path string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(fakeMember)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, fakeLibrary)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return writeSummed(t, path, b.Bytes())
}

func writeSummed(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	sum, err := weights.SHA256(path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// fakeClient puts a client on an otherwise empty PATH. The body runs with $dir, the folder to download to, and $package.
func fakeClient(t *testing.T, name, dirFlag, packagePath, body string) (calls func() int) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake client is a shell script")
	}
	bin := t.TempDir()
	log := filepath.Join(bin, "calls")
	script := `#!/bin/sh
all="$*"
[ "$1" = config ] && exit 0
echo call >>'` + log + `'
package='` + packagePath + `'
while [ $# -gt 0 ]; do [ "$1" = ` + dirFlag + ` ] && dir=$2; shift; done
` + body + "\n"
	if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	return func() int {
		data, _ := os.ReadFile(log)
		return strings.Count(string(data), "call")
	}
}

// fakeArtifact is the fake library in one wheel, for this system.
func fakeArtifact(w wheel) artifact {
	w.member = fakeMember
	return artifact{name: "fake-1.0", title: "fake library", library: "libfake.so",
		wheels: map[string]wheel{runtime.GOOS + "/" + runtime.GOARCH: w}}
}

func wantLibrary(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != fakeLibrary {
		t.Errorf("library = %q, %v, want %q", data, err, fakeLibrary)
	}
}

// wantNoTraces checks that a failed fetch left nothing but its lock.
func wantNoTraces(t *testing.T, cache string, a artifact) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(cache, "addlab", "engines"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != a.name+".lock" {
			t.Errorf("%s is left in the cache", e.Name())
		}
	}
}
