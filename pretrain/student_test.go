package pretrain

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/network/weights"
)

// A shipped student is in half precision, its note beside it; everything else in the manifest stays as it was.
func TestPutStudent(t *testing.T) {
	c := tinyTrainer(t, 1)
	dir := tinyBundle(t, c)
	b, err := LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := readManifest(t, dir)
	want := Student{About: "ADD", Run: "0123", Config: json.RawMessage(`{"kind":"distill"}`), Metrics: map[string]any{"fid": 12.5}}
	for range 2 { // the second replaces the first
		if err := b.PutStudent(filepath.Join(dir, "teacher.safetensors"), want); err != nil {
			t.Fatal(err)
		}
	}
	after, err := LoadBundle(dir)
	if err != nil || after.Student == nil || !after.Has("student") {
		t.Fatalf("bundle = %+v, error %v, want a student", after, err)
	}
	compact := cmp.Transformer("compact", func(m json.RawMessage) string { return strings.Join(strings.Fields(string(m)), "") })
	if diff := cmp.Diff(want, *after.Student, compact); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	raw, err := weights.ReadRaw(filepath.Join(dir, "student.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range raw.Tensors {
		if x.DType != weights.F16 {
			t.Errorf("%s is stored as %s, want %s", name, x.DType, weights.F16)
		}
	}
	manifest := readManifest(t, dir)
	manifest.Student = nil
	delete(manifest.Files, "student")
	if x, y := asJSON(t, before), asJSON(t, manifest); x != y {
		t.Errorf("the rest of the manifest changed from\n%s\nto\n%s", x, y)
	}

	if err := os.WriteFile(filepath.Join(dir, "student.safetensors"), []byte("other"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadBundle(dir); err == nil || !strings.Contains(err.Error(), "student.safetensors") {
		t.Errorf("error = %v, want one that names a student of another checksum", err)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
