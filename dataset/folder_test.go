package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeFolder lays out an image folder; keys are paths.
func writeFolder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// numbered gives n pictures, named under dir, with their metadata.jsonl.
func numbered(t testing.TB, n int, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	var lines strings.Builder
	png := string(encodePNG(t, halves(4, 4, red, blue)))
	for i := range n {
		name := fmt.Sprintf("%03d.png", i)
		files[filepath.Join(dir, name)] = png
		fmt.Fprintf(&lines, "{\"file_name\": %q, \"text\": \"picture %d\"}\n", name, i)
	}
	files[filepath.Join(dir, metadataName)] = lines.String()
	return files
}

// warnings collects what Open reports.
type warnings []string

func (w *warnings) warn(format string, args ...any) { *w = append(*w, fmt.Sprintf(format, args...)) }

// captions lists a source.
func captions(t testing.TB, s Source) []string {
	t.Helper()
	var all []string
	for i := range s.Len() {
		sample, err := s.Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sample.Caption)
	}
	return all
}

func TestParseMetadata(t *testing.T) {
	got, err := parseMetadata(strings.NewReader("\ufeff"+`{"file_name": "a.png", "text": " a cat ", "id": 3}`+"\r\n\n"+
		`{"text": "", "file_name": "./x/../b.png"}`), "m")
	if err != nil {
		t.Fatal(err)
	}
	want := []metadataRow{{"a.png", "a cat"}, {"b.png", ""}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(metadataRow{})); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}

	good := `{"file_name": "a.png", "text": "a"}` + "\n"
	for _, c := range []struct{ name, lines, want string }{
		{"an empty file", "\n\n", "m: empty, want lines"},
		{"a broken line", good + "\n{oops\n", "m:3: invalid character"},
		{"a caption that is no text", good + `{"file_name": "b.png", "text": 7}`, "m:2: json: cannot unmarshal number"},
		{"a line without caption", `{"file_name": "b.png", "label": 7}`, "m:1: no text, want lines"},
		{"a line without picture", `{"text": "b"}`, "m:1: no file_name"},
		{"a parent folder", good + `{"file_name": "../b.png", "text": "b"}`, `m:2: file_name = "../b.png" leads out of the folder`},
		{"a way round through a subfolder", `{"file_name": "x/../../b.png", "text": "b"}`, "leads out"},
		{"an absolute path", `{"file_name": "/etc/passwd", "text": "b"}`, "leads out"},
		{"no path at all", `{"file_name": "", "text": "b"}`, "leads out"},
		{"a line of a megabyte", good + `{"text": "` + strings.Repeat("x", 1<<20), "m:2: bufio.Scanner: token too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parseMetadata(strings.NewReader(c.lines), "m"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
}

func TestFolderRefusesLinksThatLeadOut(t *testing.T) {
	secret := writeFolder(t, map[string]string{"secret.png": string(encodePNG(t, halves(4, 4, red, blue)))})
	for name, link := range map[string]func(dir string) error{
		"a linked picture": func(dir string) error {
			os.Remove(filepath.Join(dir, "000.png"))
			return os.Symlink(filepath.Join(secret, "secret.png"), filepath.Join(dir, "000.png"))
		},
		"a linked folder": func(dir string) error {
			if err := os.WriteFile(filepath.Join(dir, metadataName),
				[]byte(`{"file_name": "out/secret.png", "text": "a"}`), 0o644); err != nil {
				return err
			}
			return os.Symlink(secret, filepath.Join(dir, "out"))
		},
		"linked metadata": func(dir string) error {
			meta := filepath.Join(dir, metadataName)
			if err := os.Rename(meta, filepath.Join(secret, metadataName)); err != nil {
				return err
			}
			return os.Symlink(filepath.Join(secret, metadataName), meta)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeFolder(t, numbered(t, 3, ""))
			if err := link(dir); err != nil {
				t.Skip("no symbolic links here:", err)
			}
			if _, err := Open(dir, 4, nil); err == nil || !strings.Contains(err.Error(), "leads out of the folder") {
				t.Errorf("error = %v, want a refusal", err)
			}
		})
	}

	t.Run("a link that stays inside is followed", func(t *testing.T) {
		dir := writeFolder(t, numbered(t, 3, ""))
		os.Remove(filepath.Join(dir, "000.png"))
		if err := os.Symlink("001.png", filepath.Join(dir, "000.png")); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		var w warnings
		if _, err := Open(dir, 4, w.warn); err != nil || len(w) > 0 {
			t.Errorf("error = %v, warnings = %q, want none", err, w)
		}
	})
}

func TestFolderAllowsSeveralCaptionsOfOnePicture(t *testing.T) {
	files := numbered(t, 40, "")
	for i := range 40 {
		files[metadataName] += fmt.Sprintf("{\"file_name\": \"%03d.png\", \"text\": \"again %d\"}\n", i, i)
	}
	d, err := Open(writeFolder(t, files), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Both captions of a picture fall on the same side.
	side := map[string]int{}
	for i, s := range []Source{d.Train(), d.Heldout()} {
		for _, c := range captions(t, s) {
			_, n, _ := strings.Cut(c, " ")
			if was, ok := side[n]; ok && was != i {
				t.Errorf("picture %s is on both sides", n)
			}
			side[n] = i
		}
	}
	if n := d.Train().Len() + d.Heldout().Len(); n != 80 || len(side) != 40 {
		t.Errorf("samples = %d of %d pictures, want 80 of 40", n, len(side))
	}
}

// FuzzMetadata: whatever the lines, an error that names the file or names that stay inside the folder.
func FuzzMetadata(f *testing.F) {
	f.Add(`{"file_name": "a.png", "text": "a"}`)
	f.Add(`{"file_name": "a/../../b.png", "text": "a"}`)
	f.Add("\ufeff\n\n[1]")
	f.Fuzz(func(t *testing.T, lines string) {
		rows, err := parseMetadata(strings.NewReader(lines), "file")
		if err != nil && !strings.Contains(err.Error(), "dataset: file:") {
			t.Errorf("error = %v, want the file named", err)
		}
		for _, r := range rows {
			if !filepath.IsLocal(r.name) {
				t.Errorf("name = %q leads out", r.name)
			}
		}
	})
}
