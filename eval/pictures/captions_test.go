package pictures

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLinesArePairedByNumber(t *testing.T) {
	p := string(plain(t, 9))
	for _, c := range []struct {
		why   string
		names []string // in the order of the lines
		want  string   // of the error
	}{
		{"numbers alone", []string{"0.png", "1.png", "2.jpg", "9.png", "10.png", "11.png"}, ""},
		{"numbers within", []string{"run3_2.png", "run3_10.png"}, ""},
		{"leading zeros", []string{"008.png", "009.png", "010.png"}, ""},
		{"several kinds in the order of letters", []string{"a1.png", "a2.png", "b1.png"}, ""},
		{"names without order", []string{"3fa.png", "9c.png", "ab.png"}, ""},
		{"several kinds that are numbered", []string{"a2.png", "a10.png", "b1.png"}, "a10.png and a2.png is ambiguous"},
		{"one number twice", []string{"1.png", "01.png", "10.png", "9.png"}, "is ambiguous"},
	} {
		files, lines := map[string]string{}, ""
		for _, name := range c.names {
			files[name], lines = p, lines+"picture "+strings.TrimSuffix(name, filepath.Ext(name))+"\n"
		}
		dir := write(t, files)
		captions := filepath.Join(write(t, map[string]string{"lines": lines}), "lines")
		set, err := Open(t.Context(), dir, Options{Captions: captions})
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error = %v, want %q", c.why, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
		}
		for _, item := range set.Items {
			if item.Caption != "picture "+strings.TrimSuffix(item.Name, filepath.Ext(item.Name)) {
				t.Errorf("%s: %s has %q", c.why, item.Name, item.Caption)
			}
		}
	}
}

// A name counts only if one picture has it; of several lengths of a name the longest decides.
func TestAmbiguousNamesCaptionNothing(t *testing.T) {
	p := string(plain(t, 9))
	dir := write(t, map[string]string{"x.png": p, "x.jpg": p, "y.png": p, "b/y.png": p, "b/z.png": p, "c/z.jpg": p, "c/v.png": p, "d/w.png": p, "d/w.jpg": p})
	file := filepath.Join(write(t, map[string]string{"c.json": `{"x": "1", "y": "2", "z": "3", "v": "4", "d/w.jpg": "5", "w": "6", "u": "7"}`}), "c.json")
	set, err := Open(t.Context(), dir, Options{Captions: file})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"x.png": "", "x.jpg": "", "y.png": "2", "b/y.png": "", "b/z.png": "", "c/z.jpg": "", "c/v.png": "4", "d/w.png": "", "d/w.jpg": "5"}
	if diff := cmp.Diff(want, captionsOf(set)); diff != "" {
		t.Errorf("captions (-want +got):\n%s", diff)
	}
	for _, want := range []string{"3 names of " + file + " fit several pictures and caption none: w, x, z", "1 captions of " + file + ` are of pictures that are not there: it names "u"`} {
		if notes := strings.Join(set.Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("notes = %q, want %q", notes, want)
		}
	}
}

// A name without an extension may be a word of a caption.
func TestLinesMayHoldNamesWithoutExtension(t *testing.T) {
	set := Set{Name: "s", Items: []Item{{Name: "07"}, {Name: "08"}}}
	if err := set.captionLines([]byte("photo 07 of a harbour\na ring\n")); err != nil || set.Items[1].Caption != "a ring" {
		t.Errorf("%v, %+v, want the captions", err, set.Items)
	}
	set.Items[0].Name = "07.png"
	if err := set.captionLines([]byte("07.png a harbour\na ring\n")); err == nil {
		t.Error("a line that names a picture was taken for a caption")
	}
}

func TestCaptionsWithoutAPictureAreCounted(t *testing.T) {
	p := string(plain(t, 9))
	dir := write(t, map[string]string{"a.png": p, "w.png": p, "w.txt": "\xff\xfew\x00", "metadata.jsonl": `{"file_name":"a.png","text":"one"}
{"file_name":"a.png","text":"two"}
{"file_name":"x/b.png","text":"b"}`})
	file := filepath.Join(write(t, map[string]string{"c.json": `{"a.png": "one", "b.png": "b", "c.png": "c"}`}), "c.json")
	for captions, want := range map[string][]string{
		"":   {"1 captions cannot be used, such as that of w.png: w.txt: UTF-16", "1 pictures have several captions, of which the first counts", `1 captions are of pictures that are not there: metadata.jsonl names "x/b.png", pictures here are called such as "a.png"`},
		file: {"2 captions of " + file + ` are of pictures that are not there: it names "b.png" where pictures are called such as "a.png"`},
	} {
		set, err := Open(t.Context(), dir, Options{Captions: captions})
		if err != nil || len(set.Faults) > 0 || set.Items[0].Caption != "one" {
			t.Fatal(err, set.Faults)
		}
		for _, w := range want {
			if !strings.Contains(strings.Join(set.Notes, "\n"), w) {
				t.Errorf("notes = %q, want %q", set.Notes, w)
			}
		}
	}
}
