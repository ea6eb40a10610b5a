package weights

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Each and Shapes say what ReadRaw says.
func TestEachReadsTheWholeFile(t *testing.T) {
	for _, file := range []string{"testdata/python.safetensors", "testdata/rounding.safetensors"} {
		want, err := ReadRaw(file)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]Raw{}
		if err := Each(file, func(name string, r Raw) error {
			got[name] = Raw{r.DType, r.Shape, slices.Clone(r.Bytes)}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Tensors, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		header, err := Header(file)
		if diff := cmp.Diff(want.Tensors, header.Tensors, cmpopts.IgnoreFields(Raw{}, "Bytes"), cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", file, err, diff)
		}
	}
}

func TestEachStopsAtTheFirstFault(t *testing.T) {
	whole, err := os.ReadFile("testdata/python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.safetensors")
	if err := os.WriteFile(cut, whole[:len(whole)-1], 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Each(cut, func(string, Raw) error { return nil }); err == nil || !strings.Contains(err.Error(), cut) {
		t.Errorf("error %v, want the file", err)
	}
	calls, stop := 0, errors.New("stop")
	if err := Each("testdata/python.safetensors", func(string, Raw) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("error %v after %d calls, want the first one's", err, calls)
	}
}
