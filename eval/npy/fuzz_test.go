package npy

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// fuzzBytes bounds what a fuzzed array may claim, so that the fuzzer tests the reader and not the memory.
const fuzzBytes = 1 << 20

func FuzzRead(f *testing.F) {
	for _, name := range []string{"halves.npy", "objects.npy", "fields.npy", "complex.npy"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\x93NUMPY\x01\x00\x46\x00{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }            \n012345678901"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Read[float64](bytes.NewReader(data))
		if err != nil {
			return
		}
		n := 1
		for _, d := range a.Shape {
			n *= d
		}
		if n != len(a.Data) {
			t.Fatalf("shape %v with %d values", a.Shape, len(a.Data))
		}
		var b bytes.Buffer
		if err := Write(&b, a); err != nil {
			t.Fatal(err)
		}
		again, err := Read[float64](&b)
		if err != nil || len(again.Data) != n {
			t.Fatalf("written and read again: %v, %d values, want %d", err, len(again.Data), n)
		}
	})
}

func FuzzArchive(f *testing.F) {
	for _, name := range []string{"compressed.npz"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, m := range listMembers(z) {
			if m.UncompressedSize64 < fuzzBytes {
				readMember[float32](m)
			}
		}
	})
}
