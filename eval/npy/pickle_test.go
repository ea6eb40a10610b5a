package npy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPickledStatistics(t *testing.T) {
	mu := Array[float64]{Shape: []int{3}, Data: []float64{0, 0.5, 1}}
	sigma := Array[float64]{Shape: []int{3, 3}, Data: []float64{0, 1, 2, 3, 4, 5, 6, 7, 8}}
	want := Dict{"fid": Dict{"mu": mu, "sigma": sigma}, "fd_dinov2": Dict{"mu": mu, "sigma": sigma}, "num_images": 70000}
	for _, protocol := range []int{3, 4, 5} {
		got, err := ReadPickle(fmt.Sprintf("testdata/protocol%d.pkl", protocol))
		if err != nil {
			t.Errorf("protocol %d: %v", protocol, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("protocol %d (-want +got):\n%s", protocol, diff)
		}
	}
}

func TestPicklesThatAreRefused(t *testing.T) {
	whole, err := os.ReadFile("testdata/protocol4.pkl")
	if err != nil {
		t.Fatal(err)
	}
	file := func(data []byte) string {
		path := filepath.Join(t.TempDir(), "x.pkl")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// Printing a dictionary that holds itself overflows the stack, which ends the process.
	const loop = "}q\x00X\x01\x00\x00\x00ah\x00s"
	array := func(dim string) []byte {
		return []byte("cnumpy.core.multiarray\n_reconstruct\n)R(K\x01" + dim + "\x85cnumpy\ndtype\nX\x03\x00\x00\x00<f4\x85R\x89C\x00tb.")
	}
	for _, c := range []struct{ why, path, want string }{
		{"code", "testdata/code.pkl", "asks for builtins.print"},
		{"cut off", file(whole[:len(whole)/2]), "ends early"},
		{"nothing", file(nil), "ends early"},
		{"text", file([]byte("mu = 1")), "instruction"},
		{"a length of exabytes", file([]byte("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f")), "pickle of more than"},
		{"a number alone", file([]byte("\x80\x04K\x07.")), "want a dictionary"},
		{"an empty stack", file([]byte(".")), "stack is empty"},
		{"a dictionary that holds itself", file([]byte("\x80\x02" + loop + ".")), "more than 32 dictionaries in each other"},
		{"a key that holds itself", file([]byte("\x80\x02" + loop + "}h\x00Ns.")), "key is a *types.Dict, want text"},
		{"a shape that holds itself", file(array(loop)), "lacks a shape of whole numbers"},
		{"a negative shape", file(array("J\xff\xff\xff\xff")), "lacks a shape of whole numbers"},
		{"not there", filepath.Join(t.TempDir(), "none.pkl"), "no such file"},
	} {
		if _, err := ReadPickle(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", c.why, err, c.want)
		}
	}
}

func FuzzPickle(f *testing.F) {
	for _, name := range []string{"protocol3.pkl", "protocol4.pkl", "protocol5.pkl", "code.pkl"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) { parsePickle(bytes.NewReader(data)) })
}
