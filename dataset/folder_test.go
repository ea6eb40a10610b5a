package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
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

func TestCaptionRows(t *testing.T) {
	long := strings.Repeat("x", 2<<20)
	got, err := CaptionRows([]byte("\ufeff" + `{"file_name": "a.png", "text": " a cat ", "Text": "another key", "id": 3}` + "\r\n\n" +
		`{"text": "", "file_name": "./x/../b.png"}` + "\n" + `{"file_name": "c.png", "text": "c", "long": "` + long + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []CaptionRow{{1, "a.png", " a cat "}, {3, "./x/../b.png", ""}, {4, "c.png", "c"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}

	good := `{"file_name": "a.png", "text": "a"}` + "\n"
	for _, c := range []struct{ name, lines, want string }{
		{"a broken line", good + "\n{oops\n", "3: invalid character"},
		{"a line that is no object", good + "b.png b\n", `2: "b.png b" is no JSON object, want lines`},
		{"a caption that is no text", good + `{"file_name": "b.png", "text": ["b", "c"]}`, `2: text = ["b", "c"], want one string`},
		{"no caption at all", `{"file_name": "b.png", "text": null}`, "1: text = null, want one string"},
		{"a line without caption", `{"file_name": "b.png", "label": 7}`, "1: no text (keys: file_name, label), want lines"},
		{"a line without picture", `{"text": "b"}`, "1: no file_name"},
		{"UTF-16", "\xff\xfe{\x00", "UTF-16 or no text, want UTF-8"},
	} {
		if _, err := CaptionRows([]byte(c.lines)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", c.name, err, c.want)
		}
	}
}

func TestMetadataStaysInItsFolder(t *testing.T) {
	for _, c := range []struct{ name, lines, want string }{
		{"an empty file", "\n\n", "metadata.jsonl: empty, want lines"},
		{"a parent folder", `{"file_name": "../b.png", "text": "b"}`, `metadata.jsonl:1: file_name = "../b.png" leads out of the folder`},
		{"a way round through a subfolder", `{"file_name": "x/../../b.png", "text": "b"}`, "leads out"},
		{"an absolute path", `{"file_name": "/etc/passwd", "text": "b"}`, "leads out"},
		{"no path at all", `{"file_name": "", "text": "b"}`, "leads out"},
	} {
		dir := writeFolder(t, map[string]string{metadataName: c.lines, "a.png": ""})
		if _, err := list(t, dir, false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", c.name, err, c.want)
		}
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
		"a hidden link that metadata names": func(dir string) error {
			if err := os.WriteFile(filepath.Join(dir, metadataName), []byte(`{"file_name": ".x.png", "text": "a"}`), 0o644); err != nil {
				return err
			}
			return os.Symlink(filepath.Join(secret, "secret.png"), filepath.Join(dir, ".x.png"))
		},
		"a link below a folder that is held out": func(dir string) error {
			if err := os.WriteFile(filepath.Join(dir, metadataName), []byte(`{"file_name": "test-1/more/secret.png", "text": "a"}`), 0o644); err != nil {
				return err
			}
			if err := os.Mkdir(filepath.Join(dir, "test-1"), 0o755); err != nil {
				return err
			}
			return os.Symlink(secret, filepath.Join(dir, "test-1", "more"))
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

// What the walk passes by is still found, in a linked folder of held-out pictures too.
func TestMetadataNamesHiddenPictures(t *testing.T) {
	elsewhere := writeFolder(t, map[string]string{metadataName: `{"file_name": ".h.png", "text": "h"}`, ".h.png": "x"})
	dir := writeFolder(t, map[string]string{metadataName: `{"file_name": ".i/i.png", "text": "i"}`, ".i/i.png": "x"})
	if err := os.Symlink(elsewhere, filepath.Join(dir, "test")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	l, err := list(t, dir, false)
	if diff := cmp.Diff(map[string]string{".i/i.png": "i", "test/.h.png": "h"}, listed(l)); err != nil || diff != "" {
		t.Errorf("error = %v, pictures (-want +got):\n%s", err, diff)
	}
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
	samples := [2]int{}
	for i, s := range []Source{d.Train(), d.Heldout()} {
		for _, c := range captions(t, s) {
			_, n, _ := strings.Cut(c, " ")
			was, ok := side[n]
			if ok && was != i {
				t.Errorf("picture %s is on both sides", n)
			}
			if !ok {
				samples[i] += 2 - i // one sample alone of a picture that is held out
			}
			side[n] = i
		}
	}
	if diff := cmp.Diff(samples, [2]int{d.Train().Len(), d.Heldout().Len()}); diff != "" || len(side) != 40 {
		t.Errorf("pictures = %d, want 40; samples of training and held out (-want +got):\n%s", len(side), diff)
	}
}

// FuzzMetadata: whatever the lines, an error that names one or as many rows as lines at most.
func FuzzMetadata(f *testing.F) {
	f.Add(`{"file_name": "a.png", "text": "a"}`)
	f.Add(`{"file_name": "a/../../b.png", "text": "a"}`)
	f.Add("\ufeff\n\n[1]")
	f.Fuzz(func(t *testing.T, lines string) {
		rows, err := CaptionRows([]byte(lines))
		if err == nil && len(rows) > strings.Count(lines, "\n")+1 {
			t.Errorf("%d rows in fewer lines", len(rows))
		}
	})
}

// Five captions of a picture are one picture in memory, and one fault where it is broken.
func TestAPictureOfSeveralCaptionsIsReadOnce(t *testing.T) {
	png := encodePNG(t, halves(4, 4, red, blue))
	var l Listing
	reads := make([]atomic.Int32, 100)
	for i := range reads {
		data := png
		if i == 31 || i == 32 {
			data = png[:40]
		}
		var words []string
		for k := range 5 {
			words = append(words, fmt.Sprintf("caption %d of %d", k, i))
		}
		l.Pictures = append(l.Pictures, Listed{Name: fmt.Sprintf("%03d.png", i), Captions: words, Read: func() ([]byte, error) {
			reads[i].Add(1)
			return data, nil
		}})
	}
	entries, faults, _ := captioned(l)
	var w warnings
	p, err := load(t.Context(), entries, faults, "several", 4, 100*4*4*3, w.warn)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.pix) != 98*4*4*3 || len(p.entries) != 5*98 {
		t.Errorf("%d bytes for %d samples, want those of 98 pictures for 490", len(p.pix), len(p.entries))
	}
	if len(w) != 3 || w[2] != "dataset: several: 2 of 100 pictures cannot be used (2 broken)" {
		t.Errorf("warnings = %q, want each broken picture once", w)
	}
	for i := range reads {
		if n := reads[i].Load(); n != 1 {
			t.Errorf("picture %d is read %d times", i, n)
		}
	}
	large, err := load(t.Context(), entries, faults, "several", 4, 0, w.warn)
	if err != nil || large.Hash() != p.Hash() {
		t.Fatalf("error = %v, or another hash where pictures are not kept", err)
	}
	for i := range p.Train().Len() {
		a, errA := p.Train().Sample(i)
		b, errB := large.Train().Sample(i)
		if diff := cmp.Diff(a, b); diff != "" || errA != nil || errB != nil {
			t.Fatalf("errors = %v, %v, sample %d (-kept +decoded):\n%s", errA, errB, i, diff)
		}
	}
}
