package weights

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// By testdata/pytorch.py, which names the version of PyTorch.
func TestReadsWhatTorchSaves(t *testing.T) {
	want := &File{
		Tensors: map[string]Tensor{
			"a.weight":     {[]int{3, 4}, []float32{0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1, 1.125, 1.25, 1.375}},
			"a.view":       {[]int{2, 2}, []float32{0.625, 0.75, 1.125, 1.25}},
			"a.transposed": {[]int{4, 3}, []float32{0, 0.5, 1, 0.125, 0.625, 1.125, 0.25, 0.75, 1.25, 0.375, 0.875, 1.375}},
			"b.half":       {[]int{2}, []float32{1.5, -2}},
			"b.bfloat16":   {[]int{2}, []float32{0.25, 3}},
			"b.double":     {[]int{}, []float32{0.1}},
			"d.parameter":  {[]int{2}, []float32{1, 1}},
			"e.empty":      {[]int{0, 3}, []float32{}},
		},
	}
	for _, name := range []string{"zip.pth", "legacy.pth"} {
		got, err := ReadAny("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		header, err := HeaderAny("testdata/" + name)
		if err != nil || len(header.Tensors) != len(want.Tensors)+2 || header.Tensors["c.count"].DType != I64 {
			t.Errorf("%s: header %v (%v), want all tensors, two of no floating-point numbers", name, header, err)
		}
		one := &File{Tensors: map[string]Tensor{}}
		if err := EachAny("testdata/"+name, func(name string, raw Raw) error {
			values, err := raw.Floats()
			one.Tensors[name] = Tensor{raw.Shape, values}
			if h := header.Tensors[name]; !slices.Equal(h.Shape, raw.Shape) || h.DType != raw.DType && name == "b.half" {
				t.Errorf("%s: %s is %s %v, in the header %s %v", name, name, raw.DType, raw.Shape, h.DType, h.Shape)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, one); diff != "" {
			t.Errorf("%s, tensor by tensor (-want +got):\n%s", name, diff)
		}
	}
	for _, call := range []func(file string) error{
		func(file string) error { _, err := HeaderAny(file); return err },
		func(file string) error { return EachAny(file, func(string, Raw) error { return nil }) },
	} {
		checkError(t, call("testdata/evil.pth"), "system")
		if err := call("testdata/python.safetensors"); err != nil {
			t.Error(err)
		}
	}
	if _, err := ReadAny("testdata/python.safetensors"); err != nil {
		t.Error(err)
	}
}

func TestCodeInWeightsIsRefused(t *testing.T) {
	for name, want := range map[string]string{"evil.pth": "system", "script.pth": "TorchScript"} {
		_, err := ReadAny("testdata/" + name)
		checkError(t, err, want)
		checkError(t, err, name)
	}
}

func TestBrokenPyTorchFilesAreErrors(t *testing.T) {
	for _, name := range []string{"zip.pth", "legacy.pth"} {
		whole := readBytes(t, "testdata/"+name)
		for n := 0; n < len(whole); n += 1 + len(whole)/150 {
			path := filepath.Join(t.TempDir(), "cut.pth")
			if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := ReadAny(path); err == nil {
				t.Errorf("%s cut to %d of %d bytes is read", name, n, len(whole))
			}
		}
	}
	_, err := ReadAny(filepath.Join(t.TempDir(), "absent.pth"))
	checkError(t, err, "absent.pth")
}

// A length of a terabyte must be refused before memory is asked for.
func TestPicklesDoNotClaimMoreThanThereIs(t *testing.T) {
	huge := func(op byte, n int, size uint64) string {
		return "\x80\x02" + string([]byte{op}) + string(binary.LittleEndian.AppendUint64(nil, size)[:n])
	}
	for want, file := range map[string]string{
		"pickle of more than":        huge('X', 4, 1<<31),
		"pickle ends early":          huge('X', 4, 1<<20),
		"pickle ends early (0 of 1":  huge(0x95, 8, 1<<40), // a frame
		"pickle of more than 671088": huge(0x8e, 8, 1<<40),
		"instruction":                huge('i', 8, 0),
	} {
		_, err := decodePyTorch(strings.NewReader(file), int64(len(file)))
		checkError(t, err, want)
	}
}

// FuzzReadPyTorch wants every input to be refused or read, without a panic.
func FuzzReadPyTorch(f *testing.F) {
	for _, name := range []string{"zip.pth", "legacy.pth", "evil.pth", "script.pth"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := decodePyTorch(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for name, tensor := range file.Tensors {
			if n, err := byteSize(F32, tensor.Shape); err != nil || n != int64(4*len(tensor.Data)) {
				t.Errorf("tensor %q of shape %v has %d values", name, tensor.Shape, len(tensor.Data))
			}
		}
	})
}
