package pretrain

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
)

// A student beside the shipped one has its own manifest, and others can start from it.
func TestPutVariant(t *testing.T) {
	dir := tinyBundle(t, tinyTrainer(t, 1))
	b, err := LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := readManifest(t, dir)
	wantError(t, "no student", b.Want("student-first"), "holds no student-first", "--ship ABOUT --as student-first")
	teacher := filepath.Join(dir, "teacher.safetensors")
	wantError(t, "a bad name", b.PutVariant("first", teacher, Student{}), "name = first, want a word that begins with student-")
	note := Student{About: "ADD", Run: "0123", Config: json.RawMessage(`{"kind":"distill"}`)}
	if err := b.PutVariant("student-first", teacher, note); err != nil {
		t.Fatal(err)
	}
	after, err := LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := after.Want("student-first"); err != nil {
		t.Error(err)
	}
	if err := after.Into(graphtest.Engine(), model.NewStore(), "student-first"); err != nil {
		t.Errorf("another student cannot start from it: %v", err)
	}
	if after.IsTeacher("student-first") || !cmp.Equal(after.Backbone("student-first"), after.Backbone("teacher")) {
		t.Errorf("variant = %+v, want a student of the teacher's architecture", after.Variants["student-first"])
	}
	if x, y := asJSON(t, before), asJSON(t, readManifest(t, dir)); x != y {
		t.Errorf("the bundle's manifest changed from\n%s\nto\n%s", x, y)
	}
}

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
	wantError(t, "a start that changes", after.Want("student"), "student is what is drawn with, want a variant of "+dir)
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

// A bundle that is written again as it was keeps its student. Any other loses it, with the reason.
func TestASameBundleKeepsItsStudent(t *testing.T) {
	c := tinyTrainer(t, 1)
	dir, stores := t.TempDir(), tinyStores(t, c)
	same := saved(t, stores)
	for v := range stores["teacher"].IterVariables() {
		if err := v.SetValue(graphtest.Normals(9, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	other := saved(t, stores)
	longer, elsewhere := *c, *c
	longer.Config.TeacherTraining.Steps++
	elsewhere.Data = tinyworld.Album(64)
	for _, test := range []struct {
		why, want string
		again     *Trainer
		files     map[string]string
		harm      bool
	}{
		{why: "the same", again: c, files: same},
		{"another teacher", "the networks differ", c, other, false},
		{"another config", "the config differs", &longer, same, false},
		{"other data", "the data differ", &elsewhere, same, false},
		{"a damaged student", "student.safetensors has SHA-256", c, same, true},
	} {
		if err := WriteBundle(dir, c, same, nil); err != nil {
			t.Fatal(err)
		}
		b, err := LoadBundle(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.PutStudent(same["teacher"], Student{About: "ADD", Config: json.RawMessage(`{}`)}); err != nil {
			t.Fatal(err)
		}
		if test.harm {
			write(t, b.path(studentFile), []byte("other"))
		}
		dropped, err := test.again.writeBundle(dir, test.files, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err = LoadBundle(dir); err != nil {
			t.Fatal(err)
		}
		kept := b.Student != nil && b.Student.About == "ADD" && b.Has(studentFile)
		if kept != (test.want == "") || b.Has(studentFile) != kept || (dropped == "") != kept || !strings.Contains(dropped, test.want) {
			t.Errorf("%s: student %+v, dropped for %q, want %q", test.why, b.Student, dropped, test.want)
		}
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
