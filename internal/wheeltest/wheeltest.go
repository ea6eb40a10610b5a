// Package wheeltest helps tests of what is fetched: hosts that answer or fail, a pip that does as it is told, and wheels.
package wheeltest

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/wheel"
	"github.com/addlab/addlab/network/weights"
)

// Hosts answers or fails by host, and logs who was asked.
type Hosts struct {
	Answer map[string]Answer // others refuse
	mu     sync.Mutex
	Asked  []string
}

// Answer is what a host says.
type Answer func(*http.Request) (*http.Response, error)

var _ http.RoundTripper = (*Hosts)(nil)

// RoundTrip implements http.RoundTripper.
func (h *Hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.Asked = append(h.Asked, r.URL.Host)
	h.mu.Unlock()
	if answer, ok := h.Answer[r.URL.Host]; ok {
		return answer(r)
	}
	return nil, errors.New("connection refused")
}

// Network is a network of these hosts with little patience.
func (h *Hosts) Network() *download.Network {
	return &download.Network{Client: http.Client{Transport: h}, Patience: 50 * time.Millisecond}
}

// Reachable is a network with the index of packages.
func Reachable() *download.Network {
	return (&Hosts{Answer: map[string]Answer{"pypi.org": OK(nil)}}).Network()
}

// OK answers with a body.
func OK(body []byte) Answer {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}, nil
	}
}

// Bodies of a pip for Pip.
const (
	Good  = `/bin/cp "$package" "$dir/fake-1.0-py3-none-any.whl"`
	Other = `echo "something else" >"$dir/fake-1.0-py3-none-any.whl"`
)

// Pip puts a pip on an otherwise empty PATH. The body runs with $dir, the folder to download to, and $package.
func Pip(t testing.TB, packagePath, body string) (calls func() int) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("this pip is a shell script")
	}
	bin := t.TempDir()
	log := filepath.Join(bin, "calls")
	script := `#!/bin/sh
all="$*"
[ "$1" = config ] && exit 0
echo call >>'` + log + `'
package='` + packagePath + `'
while [ $# -gt 0 ]; do [ "$1" = -d ] && dir=$2; shift; done
` + body + "\n"
	if err := os.WriteFile(filepath.Join(bin, "pip"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	return func() int {
		data, _ := os.ReadFile(log)
		return strings.Count(string(data), "call")
	}
}

// Write writes a wheel that holds one file and returns the wheel's checksum.
func Write(t testing.TB, path, member string, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(member)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	sum, err := weights.SHA256(path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

var exact = regexp.MustCompile(`^[a-z0-9-]+==\d+\.\d+\.\d+$`)

// WantPins checks that every pin of a file is complete.
func WantPins(t testing.TB, f wheel.File) {
	t.Helper()
	for system, w := range f.Wheels {
		sum, err := hex.DecodeString(w.SHA256)
		if err != nil || len(sum) != 32 || w.Size < 1e6 || w.Member == "" || !exact.MatchString(w.Spec) {
			t.Errorf("%s for %s: pin = %+v, want exact version, checksum, size and member", f.Entry, system, w)
		}
	}
}
