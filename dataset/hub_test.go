package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/hub"
	"github.com/addlab/addlab/internal/hubtest"
)

// onTheHub serves the set that make.py wrote, beside files of other kinds.
func onTheHub(t *testing.T) *hubtest.Hub {
	t.Helper()
	h := &hubtest.Hub{
		Kind: "datasets", Repo: "nobody/cats", Files: map[string][]byte{"README.md": []byte("cats"), "preview.png": nil},
		Plain: map[string]bool{"README.md": true, "preview.png": true},
	}
	for _, name := range []string{"train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"} {
		data, err := os.ReadFile(filepath.Join(fixtures, "hub", name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		h.Files["data/"+name+".parquet"] = data
	}
	hubtest.EmptyCaches(t)
	h.Start(t)
	return h
}

func TestHubSetIsTheSameAsItsFiles(t *testing.T) {
	h := onTheHub(t)
	var w warnings
	got, err := Spec{Name: "hf:nobody/cats", Image: "image", Text: "caption"}.Open(t.Context(), 4, w.warn)
	if err != nil {
		t.Fatal(err)
	}
	if len(w) != 5 || !strings.Contains(w[0], "hf:nobody/cats: fetching 3 of 3 files, 0.0 MB, from the HuggingFace hub into ") {
		t.Errorf("warnings = %q, want what is fetched", w)
	}
	if slices.Contains(h.Asked(), "README.md") || slices.Contains(h.Asked(), "preview.png") {
		t.Errorf("fetched %q, want parquet files alone", h.Asked())
	}
	dir := t.TempDir()
	for name, data := range h.Files {
		if isParquet(name) {
			if err := os.MkdirAll(filepath.Join(dir, "data"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := Open(dir, 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Hash() != want.Hash() || got.Name() != "cats" || got.Train().Len() != 8 || got.Heldout().Len() != 2 {
		t.Errorf("%s: %d + %d samples, hash %s, want cats, 8 + 2, %s", got.Name(), got.Train().Len(), got.Heldout().Len(), got.Hash(), want.Hash())
	}
	if diff := cmp.Diff(captions(t, want.Train()), captions(t, got.Train())); diff != "" {
		t.Errorf("captions (-files +hub):\n%s", diff)
	}

	// Without the hub it opens from the cache.
	t.Setenv("HF_HUB_OFFLINE", "1")
	w = nil
	offline, err := Spec{Name: "hf:nobody/cats"}.Open(t.Context(), 4, w.warn)
	if err != nil || len(w) != 1 || strings.Contains(w[0], "fetching") || offline.Hash() != want.Hash() {
		t.Errorf("error = %v, warnings = %q, want the same set", err, w)
	}
	_, err = Spec{Name: "hf:nobody/dogs"}.Open(t.Context(), 4, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "dataset: hf:nobody/dogs: not whole in ") {
		t.Errorf("error = %v, want that it is not in the cache", err)
	}
}

func TestHubFilesAreChosen(t *testing.T) {
	const image = "files: 2 jpg, 1 md"
	for name, c := range map[string]struct {
		spec  string
		names []string
		want  []string
		err   string
	}{
		"a set":                  {"hf:o/n", []string{"README.md", "data/train-1.parquet", "data/test-1.parquet"}, []string{"data/test-1.parquet", "data/train-1.parquet"}, ""},
		"folders of splits":      {"hf:o/n", []string{"default/train/0.parquet", "default/validation/0.parquet"}, []string{"default/train/0.parquet", "default/validation/0.parquet"}, ""},
		"splits at the top":      {"hf:o/n", []string{"train/0.parquet", "test-00000.parquet"}, []string{"test-00000.parquet", "train/0.parquet"}, ""},
		"several sets":           {"hf:o/n", []string{"en/train-1.parquet", "fr/train-1.parquet"}, nil, "files in 2 folders (en, fr), want one, such as hf:o/n/fr"},
		"one of several":         {"hf:o/n/en", []string{"en/train-1.parquet", "fr/train-1.parquet", "english/1.parquet"}, []string{"en/train-1.parquet"}, ""},
		"a file":                 {"hf:o/n/en/1.parquet", []string{"en/1.parquet", "en/2.parquet"}, []string{"en/1.parquet"}, ""},
		"a pattern":              {"hf:o/n/*/train-*", []string{"en/train-1.parquet", "fr/train-1.parquet", "fr/test-1.parquet"}, []string{"en/train-1.parquet", "fr/train-1.parquet"}, ""},
		"a wrong pattern":        {"hf:o/n/[", []string{"1.parquet"}, nil, `pattern = "[": syntax error in pattern`},
		"shards":                 {"hf:o/n", []string{"00000.tar", "00001.tar"}, []string{"00000.tar", "00001.tar"}, ""},
		"parquet beside shards":  {"hf:o/n", []string{"00000.tar", "a.PARQUET"}, []string{"a.PARQUET"}, ""},
		"pictures":               {"hf:o/n", []string{"a.jpg", "b.jpg", "README.md"}, nil, "no *.parquet and no *.tar in it (" + image + "); the hub may have a copy in parquet: hf:o/n@refs/convert/parquet"},
		"a folder without any":   {"hf:o/n/fr", []string{"en/1.parquet"}, nil, "no *.parquet and no *.tar in fr, but in en"},
		"a revision changes not": {"hf:o/n@refs/convert/parquet", []string{"default/train/0.parquet"}, []string{"default/train/0.parquet"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := onHub(c.spec)
			if !ok || s.ID != "o/n" {
				t.Fatalf("%s is %q", c.spec, s.ID)
			}
			got, err := s.choose(c.names)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error = %v, want %q", err, c.err)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("error = %v, files (-want +got):\n%s", err, diff)
			}
		})
	}
	for _, spec := range []string{"hf:", "hf:cats", "hf:o/", "hf:../n", "hf:o/n/../m", "hf:o n/m"} {
		if _, err := Open(spec, 4, nil); err == nil || !strings.Contains(err.Error(), "want hf:OWNER/NAME, with /FOLDER for a part and @REVISION for a state of it") {
			t.Errorf("%s: error = %v, want how a set is named", spec, err)
		}
	}
}

func TestSpecsHaveNames(t *testing.T) {
	here := filepath.Join(t.TempDir(), "cats", "odd [1]")
	if err := os.MkdirAll(here, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(here))
	for _, c := range []struct {
		spec                   Spec
		label, origin, command string
	}{
		{Spec{Name: "scenes"}, "scenes", "scenes", "--data scenes"},
		{Spec{Name: "my/photos/", Image: "a"}, "photos", "photos", "--data my/photos/ --image a"},
		{Spec{Name: "."}, "cats", "cats", "--data ."},
		{Spec{Name: "odd [1]/.."}, "cats", "cats", "--data odd [1]/.."},
		{Spec{Name: "odd [1]"}, "odd [1]", "odd [1]", "--data odd [1]"},
		{Spec{Name: "shards/train-{00..12}.tar"}, "train", "train", "--data shards/train-{00..12}.tar"},
		{Spec{Name: "shards/{00..12}.tar"}, "shards", "shards", "--data shards/{00..12}.tar"},
		{Spec{Name: "*.parquet"}, "cats", "cats", "--data *.parquet"},
		{Spec{Name: "shards/00.tar"}, "00.tar", "00.tar", "--data shards/00.tar"},
		{Spec{Name: "/"}, "", "", "--data /"},
		{Spec{Name: "hf:o/n", Image: "a", Text: "b"}, "n", "hf:o/n", "--data hf:o/n --image a --text b"},
		{Spec{Name: "hf:o/n/en/train-*@v2"}, "n-en-train", "hf:o/n/en/train-*@v2", "--data hf:o/n/en/train-*@v2"},
	} {
		if got := []string{c.spec.Label(), c.spec.Origin(), c.spec.String()}; !slices.Equal(got, []string{c.label, c.origin, c.command}) {
			t.Errorf("%q, want %q", got, []string{c.label, c.origin, c.command})
		}
	}
	if _, err := Open("/", 4, nil); err == nil || !strings.Contains(err.Error(), `"/" has no name for tables and folders`) {
		t.Errorf("error = %v", err)
	}
}

// huggingface_hub takes these values for true, in any case, and all others for false.
func TestOfflineAsHuggingFaceReadsIt(t *testing.T) {
	hubtest.EmptyCaches(t)
	for value, fetches := range map[string]bool{"": true, "0": true, "false": true, "no": true, "2": true, "1": false, "True": false, "on": false, "YES": false} {
		t.Setenv("HF_HUB_OFFLINE", value)
		if got := hub.MayFetch(); got != fetches {
			t.Errorf("HF_HUB_OFFLINE=%s: may fetch = %v, want %v", value, got, fetches)
		}
	}
}
