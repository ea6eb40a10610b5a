package npy

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryTypeAndOrderGivesTheSameNumbers(t *testing.T) {
	a, err := Open("testdata/types.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	want := Array[float64]{Shape: []int{2, 3, 4}}
	for i := range 24 {
		want.Data = append(want.Data, float64(i))
	}
	seen := 0
	for _, name := range a.Names() {
		if name == "bool" || name == "scalar" || name == "empty" {
			continue
		}
		seen++
		got, err := Load[float64](a, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if seen != 26 {
		t.Errorf("%d arrays, want 26", seen)
	}

	flags, err := Load[uint8](a, "bool")
	if err != nil || flags.Data[0] != 1 || flags.Data[1] != 0 {
		t.Errorf("bool = %v, %v, want 1 0 …", flags.Data, err)
	}
	scalar, err := Load[float32](a, "scalar")
	if err != nil || len(scalar.Shape) != 0 || scalar.Data[0] != 2.5 {
		t.Errorf("scalar = %v, %v, want 2.5", scalar, err)
	}
	empty, err := Load[float32](a, "empty")
	if err != nil || len(empty.Data) != 0 || empty.Shape[1] != 2048 {
		t.Errorf("empty = %v, %v, want [0 2048]", empty, err)
	}
	if _, err := Load[float32](a, "mu"); err == nil || !strings.Contains(err.Error(), "want mu") {
		t.Errorf("an array that is not there: error = %v", err)
	}
}

func TestNegativeIntegersKeepTheirSign(t *testing.T) {
	for _, width := range []int{1, 2, 4, 8} {
		text := fmt.Sprintf("{'descr': '>i%d', 'fortran_order': False, 'shape': (1,), }", width)
		h, err := parseHeader(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendValues[int64](nil, bytes.Repeat([]byte{0xff}, width), h); got[0] != -1 {
			t.Errorf("i%d: %d, want -1", width, got[0])
		}
	}
}

func TestHalves(t *testing.T) {
	got, err := ReadFile[float64]("testdata/halves.npy")
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0, math.Copysign(0, -1), 1, -1.5, 65504, 1 * math.Ldexp(1, -24), 1023 * math.Ldexp(1, -24), math.Inf(1), math.Inf(-1)}
	for i, w := range want {
		if math.Float64bits(got.Data[i]) != math.Float64bits(w) {
			t.Errorf("value %d = %g, want %g", i, got.Data[i], w)
		}
	}
	if !math.IsNaN(got.Data[9]) {
		t.Errorf("value 9 = %g, want NaN", got.Data[9])
	}
}

func TestCompressedArchive(t *testing.T) {
	a, err := Open("testdata/compressed.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	mu, err := Load[float64](a, "mu")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{-1, -0.5, 0, 0.5, 1}, mu.Data); diff != "" {
		t.Error(diff)
	}
}

func TestWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	want32 := Array[float32]{Shape: []int{2, 2}, Data: []float32{1, -2, 3.5, float32(math.Inf(1))}}
	want8 := Array[uint8]{Shape: []int{3}, Data: []uint8{0, 7, 255}}
	want64 := Array[float64]{Shape: []int{}, Data: []float64{math.Pi}}
	if err := WriteArchive(path, As("x", want32), As("y", want8), As("z", want64)); err != nil {
		t.Fatal(err)
	}
	a, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if x, err := Load[float32](a, "x"); err != nil || !cmp.Equal(want32, x) {
		t.Errorf("x: %v %s", err, cmp.Diff(want32, x))
	}
	if y, err := Load[uint8](a, "y"); err != nil || !cmp.Equal(want8, y) {
		t.Errorf("y: %v %s", err, cmp.Diff(want8, y))
	}
	if z, err := Load[float64](a, "z"); err != nil || z.Data[0] != math.Pi || len(z.Shape) != 0 {
		t.Errorf("z: %v %v", err, z)
	}
	if err := Write(&bytes.Buffer{}, Array[float32]{Shape: []int{3}, Data: []float32{1}}); err == nil {
		t.Error("a shape that does not fit was written")
	}
}

func TestRefusals(t *testing.T) {
	npy := func(header string, values int) []byte {
		return append(append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8)), header+strings.Repeat("x", values)...)
	}
	good := "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		why  string
		data []byte
		want string
	}{
		{"objects are code", read("objects.npy"), "would run code"},
		{"fields", read("fields.npy"), "want plain numbers"},
		{"complex numbers", read("complex.npy"), "want plain numbers"},
		{"nothing", nil, "does not begin"},
		{"text", []byte("mu,sigma\n1,2\n"), "does not begin"},
		{"a later format", []byte("\x93NUMPY\x09\x00"), "format = 9"},
		{"cut off in the header", npy(good, 0)[:30], "unexpected EOF"},
		{"cut off in the values", npy(good, 7), "cut off"},
		{"a header without shape", npy("{'descr': '<f4', 'fortran_order': False}", 8), "lacks"},
		{"a header that is too long", append([]byte("\x93NUMPY\x02\x00"), 0xff, 0xff, 0xff, 0x7f), "want ≤"},
		{"a shape of petabytes", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (999999999, 999999999), }", 8), "want ≤"},
		{"a shape that overflows", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8), "whole numbers"},
		{"half of a byte", npy("{'descr': '<f1', 'fortran_order': False, 'shape': (1,), }", 8), "want plain numbers"},
	} {
		if _, err := Read[float32](bytes.NewReader(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", c.why, err, c.want)
		}
	}
	if a, err := Read[float32](bytes.NewReader(npy(good, 8))); err != nil || len(a.Data) != 2 {
		t.Errorf("the good one: %v, %v", a, err)
	}
}

func TestDamagedArchives(t *testing.T) {
	whole, err := os.ReadFile("testdata/compressed.npz")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why  string
		data []byte
	}{
		{"cut off", whole[:len(whole)/2]},
		{"empty", nil},
		{"text", []byte("mu")},
	} {
		path := filepath.Join(t.TempDir(), "a.npz")
		if err := os.WriteFile(path, c.data, 0o666); err != nil {
			t.Fatal(err)
		}
		if a, err := Open(path); err == nil {
			a.Close()
			t.Errorf("%s: no error", c.why)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error = %v, want the path in it", c.why, err)
		}
	}

	// One changed bit of the values is seen by the checksum.
	path := filepath.Join(t.TempDir(), "b.npz")
	if err := WriteArchive(path, As("x", Array[float64]{Shape: []int{64}, Data: make([]float64, 64)})); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[300] ^= 1
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := Load[float64](a, "x"); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a changed bit: error = %v, want one of the checksum", err)
	}
}
