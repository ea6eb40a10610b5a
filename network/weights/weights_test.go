package weights

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes/float16"
	"github.com/google/go-cmp/cmp"
)

// TestReadPython reads testdata/python.safetensors, written by testdata/make.py with safetensors 0.8.0 and numpy 2.4.6.
func TestReadPython(t *testing.T) {
	quarters := Tensor{Shape: []int{2, 3}, Data: []float32{-.5, -.25, 0, .25, .5, .75}}
	want := &File{
		Tensors: map[string]Tensor{
			"f16": quarters, "bf16": quarters, "f32": quarters, "f64": quarters,
			"scalar":    {Shape: []int{}, Data: []float32{-1.5}},
			"empty":     {Shape: []int{0, 3}, Data: []float32{}},
			"f16.edges": {Shape: []int{7}, Data: []float32{65504, -65504, 0x1p-14, 0x1p-24, -0x1p-24, 0, float32(math.Copysign(0, -1))}},
			"näme <&>":  {Shape: []int{1}, Data: []float32{3}},
		},
		Metadata: map[string]string{"maker": "safetensors 0.8.0, numpy 2.4.6"},
	}
	got, err := Read("testdata/python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRawCopyHasPythonsBytes(t *testing.T) {
	for _, name := range []string{"python.safetensors", "rounding.safetensors"} {
		f, err := ReadRaw(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := WriteRaw(path, f); err != nil {
			t.Fatal(err)
		}
		want, got := readBytes(t, filepath.Join("testdata", name)), readBytes(t, path)
		if !bytes.Equal(want, got) {
			t.Errorf("%s: copy differs from Python's file:\n%.300q\n%.300q", name, want, got)
		}
	}
}

// TestHalfRounding compares with numpy's rounding at and beside the midpoints of half-precision values.
func TestHalfRounding(t *testing.T) {
	f, err := Read("testdata/rounding.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	want := f.Tensors["rounded"].Data
	b, err := encode(nil, F16, f.Tensors["x"].Data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := floats(F16, b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEveryHalfSurvives(t *testing.T) {
	for h := range 1 << 16 {
		x := float16.FromBits(uint16(h)).Float32()
		if x == x && toHalf(x) != uint16(h) {
			t.Fatalf("%#04x → %g → %#04x", h, x, toHalf(x))
		}
		if isNaN := h&0x7c00 == 0x7c00 && h&0x3ff != 0; isNaN != (x != x) {
			t.Fatalf("%#04x → %g", h, x)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	f := &File{
		Tensors:  map[string]Tensor{},
		Metadata: map[string]string{"source": "test", "b": "", "a": "x<y"},
	}
	for _, name := range []string{"z", "a.b", "a.a", "µ"} {
		x := make([]float32, 35)
		for i := range x {
			x[i] = float32(r.IntN(4096)-2048) / 256 // exact in both types
		}
		f.Tensors[name] = Tensor{Shape: []int{5, 7}, Data: x}
	}
	for _, dtype := range []DType{F16, F32} {
		path := filepath.Join(t.TempDir(), "w.safetensors")
		if err := Write(path, f, dtype); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", dtype, diff)
		}
		first := readBytes(t, path)
		if first[0]%8 != 0 {
			t.Errorf("%s: header length ends in %d, want a multiple of 8", dtype, first[0])
		}
		if err := Write(path, got, dtype); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, readBytes(t, path)) {
			t.Errorf("%s: writing twice gives other bytes", dtype)
		}
		if names := folder(t, filepath.Dir(path)); !cmp.Equal(names, []string{"w.safetensors"}) {
			t.Errorf("%s: folder holds %v after writing", dtype, names)
		}
	}
}

func TestWriteHoldsOneTensorMore(t *testing.T) {
	const tensors, values = 16, 1 << 16
	f := &File{Tensors: map[string]Tensor{}}
	for i := range tensors {
		f.Tensors[string(rune('a'+i))] = Tensor{Shape: []int{values}, Data: make([]float32, values)}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := Write(filepath.Join(t.TempDir(), "w.safetensors"), f, F32); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(tensors/2*values*4); got > most {
		t.Errorf("allocated %d bytes, want fewer than %d, half of the tensors", got, most)
	}
}

func TestWriteRefuses(t *testing.T) {
	one := func(v float32) *File {
		return &File{Tensors: map[string]Tensor{"conv.weight": {[]int{2}, []float32{0, v}}}}
	}
	for _, c := range []struct {
		reason string
		f      *File
		dtype  DType
		want   string
	}{
		{"NaN is never a weight", one(float32(math.NaN())), F32, `tensor "conv.weight": element 1 = NaN`},
		{"infinity is never a weight", one(float32(math.Inf(-1))), F32, `tensor "conv.weight": element 1 = -Inf`},
		{"out of the range of F16", one(65520), F16, `tensor "conv.weight": element 1 = 65520, want |value| ≤ 65504`},
		{"only F16 and F32 are offered", one(1), BF16, `dtype = "BF16", want F16 or F32`},
		{"shape and values differ", &File{Tensors: map[string]Tensor{"a": {[]int{3}, make([]float32, 2)}}}, F32, `tensor "a": has 8 bytes, want 12`},
		{"negative dimension", &File{Tensors: map[string]Tensor{"a": {[]int{-1}, nil}}}, F32, `tensor "a": shape = [-1]`},
		{"reserved name", &File{Tensors: map[string]Tensor{"__metadata__": {[]int{0}, nil}}}, F32, "reserved"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "w.safetensors")
			if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
				t.Fatal(err)
			}
			checkError(t, Write(path, c.f, c.dtype), c.want)
			if string(readBytes(t, path)) != "old" || len(folder(t, filepath.Dir(path))) != 1 {
				t.Error("a refused file must leave the folder as it was")
			}
		})
	}
	if err := Write(filepath.Join(t.TempDir(), "w"), one(65519.99), F16); err != nil {
		t.Errorf("65519.99 rounds to 65504: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	file := func(header string, data int) []byte {
		b := append([]byte{byte(len(header)), byte(len(header) >> 8), 0, 0, 0, 0, 0, 0}, header...)
		return append(b, make([]byte, data)...)
	}
	for _, c := range []struct {
		reason string
		file   []byte
		want   string
	}{
		{"empty file", nil, "file has 0 bytes"},
		{"cut in the header length", []byte{1, 0, 0}, "file has 3 bytes"},
		{"cut in the header", file(`{"a":{}}`, 0)[:12], "cut short"},
		{"huge header", []byte{0, 0, 0, 0, 0, 0, 0, 0x80}, "not a safetensors file"},
		{"a zip file of PyTorch", []byte("PK\x03\x04\x00\x00\x08\x08 archive"), "not a safetensors file"},
		{"header length 0", file(``, 0), "want a JSON object"},
		{"bad JSON", file(`{"a":`, 0), "unexpected EOF"},
		{"not an object", file(`[]`, 0), "want a JSON object"},
		{"text after the object", file(`{} x`, 0), "after top-level value"},
		{"invalid UTF-8", file("{\"\xff\":1}", 0), "UTF-8"},
		{"unknown dtype", file(`{"a":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}}`, 1), `tensor "a": dtype = "F8"`},
		{"missing field", file(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1), `"a": want dtype, shape`},
		{"unknown field", file(`{"a":{"dtype":"U8","shape":[1],"offsets":[0,1]}}`, 1), `unmarshal JSON string into Go weights.tensorHeader: unknown object member name "offsets"`},
		{"name twice", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), `duplicate object member name "a"`},
		{"size against shape", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), `tensor "a": data_offsets = [0, 4], want 8 bytes for F32 [2]`},
		{"overflowing shape", file(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, 0), `tensor "a": shape`},
		{"negative dimension", file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), `tensor "a": shape = [-1]`},
		{"fractional dimension", file(`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}`, 4), `within "/shape/0"`},
		{"offsets backwards", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1), `"a": data_offsets = [1 0]`},
		{"cut in the data", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 3), `tensor "a": ends at 4, but the file holds 3`},
		{"bytes left over", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 5), "holds 5 bytes of data, the tensors fill 4"},
		{"overlap", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), `tensor "b": begins at 1 inside`},
		{"gap", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3), `tensor "b": begins at 2, want 1`},
		{"metadata must be text", file(`{"__metadata__":{"a":1}}`, 0), `unmarshal JSON number into Go string within "/a"`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "broken.safetensors")
			if err := os.WriteFile(path, c.file, 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			checkError(t, err, c.want)
			checkError(t, err, path)
		})
	}
	_, err := Read(filepath.Join(t.TempDir(), "absent.safetensors"))
	checkError(t, err, "absent.safetensors")
}

func TestReadRefusesNarrowing(t *testing.T) {
	f := &RawFile{Tensors: map[string]Raw{"a": {F64, []int{}, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x7e}}}}
	path := filepath.Join(t.TempDir(), "w")
	if err := WriteRaw(path, f); err != nil {
		t.Fatal(err)
	}
	_, err := Read(path)
	checkError(t, err, `tensor "a": element 0`)
}

func TestSHA256(t *testing.T) {
	path := filepath.Join(t.TempDir(), "abc")
	if err := os.WriteFile(path, []byte("abc"), 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := SHA256(path)
	// The test vector of FIPS 180-2, appendix B.1.
	if want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
}

// FuzzRead wants every input to be refused or to be a file that survives writing and reading.
func FuzzRead(f *testing.F) {
	python, err := os.ReadFile("testdata/python.safetensors")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(python)
	f.Add(python[:len(python)/2])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte("\x36\x00\x00\x00\x00\x00\x00\x00" + `{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}` + " \x00\x00\x80\x7f"))
	f.Add([]byte("\x40\x00\x00\x00\x00\x00\x00\x00" + `{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4e9]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		read := func(b []byte) (*RawFile, error) { return decode(bytes.NewReader(b), int64(len(b))) }
		first, err := read(b)
		if err != nil {
			return
		}
		var buf bytes.Buffer
		if err := first.encode(&buf, first.bytes); err != nil {
			t.Fatal(err)
		}
		second, err := read(buf.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (&RawFile{Tensors: maps.Clone(first.Tensors)}).floats(); err != nil && !strings.Contains(err.Error(), "range of float32") {
			t.Error(err)
		}
		if len(first.Metadata) == 0 {
			first.Metadata, second.Metadata = nil, nil
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("(-first +second)\n%s", diff)
		}
	})
}
