// Package tinyedm gives tests the small EDM networks of network/weights/testdata as files.
package tinyedm

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// File is a copy of the pickle that NVIDIA's code wrote: a NCSN++ of 8×8 pixels and ten classes. persistent.json tells what it computes.
func File(t testing.TB) string {
	t.Helper()
	return unpack(t, "persistent.pkl.gz")
}

// Unconditional is a copy of another: a DDPM++ without classes.
func Unconditional(t testing.TB) string {
	t.Helper()
	return unpack(t, "unconditional.pkl.gz")
}

func unpack(t testing.TB, name string) string {
	t.Helper()
	packed, err := os.Open(filepath.Join(folder(), name))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tiny.pkl")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// Wanted is the text of persistent.json.
func Wanted(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder(), "persistent.json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func folder() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "network", "weights", "testdata")
}
