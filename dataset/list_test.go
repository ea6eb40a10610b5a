package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listed gives names with their captions.
func listed(l Listing) map[string]string {
	m := map[string]string{}
	for _, p := range l.Pictures {
		m[p.Name] = strings.Join(p.Captions, " | ")
	}
	return m
}

func wantNotes(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// list lists what a name stands for, without a hub.
func list(t *testing.T, name string, anywhere bool) (Listing, error) {
	t.Helper()
	return Spec{Name: name}.List(t.Context(), anywhere, nil)
}

func TestEveryFileOfAFolderIsReadOrCounted(t *testing.T) {
	png := string(encodePNG(t, halves(4, 4, red, blue)))
	shards := numberedShard(t, 1, "")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(shards))
	z.Close()
	dir := writeFolder(t, map[string]string{
		"a.png": png, "b.JPG": png, "c.jfif": png, "d": png, "e.png?w=512": png, "sub/f.webp": png, "g.png/h.png": png,
		"a.tiff": "II*", "b.tiff": "II*", "BMW.dat": "BMW is a text", "LICENSE": "free", ".i.png": png, ".git/j.png": png, "notes.txt": "no picture of this name",
		"x.TAR": shards, "sub/y.tar": shards, "z.tar.gz": zipped.String(), "w.tgz": zipped.String(),
	})
	l, err := list(t, dir, true)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a.png": "", "b.JPG": "", "c.jfif": "", "d": "", "e.png?w=512": "", "sub/f.webp": "", "g.png/h.png": "",
		"x.TAR/000": "000", "sub/y/000": "000"}
	if diff := cmp.Diff(want, listed(l)); diff != "" || l.InFiles != 7 || l.Shards != 2 {
		t.Errorf("files = %d, shards = %d, pictures (-want +got):\n%s", l.InFiles, l.Shards, diff)
	}
	wantNotes(t, l.Notes,
		"1 files *.dat are not read, such as BMW.dat",
		"1 files *.tar.gz are not read, want plain *.tar, such as z.tar.gz",
		"1 files *.tgz are not read, want plain *.tar, such as w.tgz",
		"2 files *.tiff are not read, such as a.tiff",
		"1 files *.txt caption no picture, such as notes.txt",
		"2 files have no picture's name and are read as pictures by their content, such as d",
		"1 files without extension are not read, such as LICENSE",
		"1 folders have the name of a picture, such as g.png",
		"2 hidden files and folders are not read, such as .git")
}

func TestCaptionsOfAFolder(t *testing.T) {
	files := map[string]string{
		metadataName: `{"file_name": "a.png", "text": "one"}` + "\n" + `{"file_name": "a.png", "text": " two "}` + "\n" + `{"file_name": "sub/b.png", "text": "far"}` + "\n" +
			`{"file_name": "sub/c.png", "text": "c"}` + "\n" + `{"file_name": "gone.png", "text": "g"}` + "\n" + `{"file_name": "raw.dat", "text": "named"}`,
		"sub/" + metadataName: `{"file_name": "b.png", "text": "near"}`,
		"a.txt":               "not read", "t.TXT": "\ufeffof a text\r\n", "l.txt": "first\nsecond", "u.txt": "caf\xe9", "w.txt": "\xff\xfea\x00", "e.txt": " \n",
	}
	for _, name := range []string{"a.png", "sub/b.png", "sub/c.png", "t.png", "l.png", "u.png", "w.png", "e.png", "none.png", "raw.dat"} {
		files[name] = "x"
	}
	l, err := list(t, writeFolder(t, files), false)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a.png": "one | two", "sub/b.png": "near", "sub/c.png": "c", "t.png": "of a text", "l.png": "first\nsecond",
		"u.png": "caf\ufffd", "w.png": "", "e.png": "", "none.png": "", "raw.dat": "named"}
	if diff := cmp.Diff(want, listed(l)); diff != "" {
		t.Errorf("captions (-want +got):\n%s", diff)
	}
	wantNotes(t, l.Notes,
		"1 captions give way to a metadata.jsonl nearer to the picture, such as sub/b.png",
		"1 captions hold bytes that are no UTF-8, shown as \ufffd, such as u.txt",
		"1 captions run over several lines and are taken as one, such as l.txt",
		"1 files *.txt stand beside pictures that metadata.jsonl captions, and are not read, such as a.txt")
	entries, faults, bare := captioned(l)
	if len(entries) != 8 || bare != 1 {
		t.Errorf("samples = %d, without caption = %d, want 8 and none.png", len(entries), bare)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Error())
	}
	if diff := cmp.Diff([]string{
		`gone.png: missing: metadata.jsonl names "gone.png", pictures here are called such as "a.png"`,
		"e.png: without caption: e.txt: text is empty",
		"w.png: without caption: w.txt: UTF-16 or no text, want UTF-8",
	}, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// Two spellings of é look alike; the message tells them apart.
func TestNamesThatDoNotMatchAreShownFromBothSides(t *testing.T) {
	for name, row := range map[string]string{"000.png": "train/000.png", "img/000.png": `img\\000.png`, "001.png": "001", "002.PNG": "002.png", "\u00e9.png": "e\u0301.png"} {
		l, err := list(t, writeFolder(t, map[string]string{name: "x", metadataName: fmt.Sprintf(`{"file_name": "%s", "text": "a"}`, row)}), true)
		if err != nil {
			t.Fatal(err)
		}
		row = strings.ReplaceAll(row, `\\`, `\`)
		if len(l.Faults) != 1 || !strings.Contains(l.Faults[0].Error(), "names "+Quote(row)+", pictures here are called such as "+Quote(name)) {
			t.Errorf("faults = %v, want one that names %s and %s", l.Faults, Quote(row), Quote(name))
		}
	}
}

func TestOpenReadsWhatNothingElseNames(t *testing.T) {
	files := numbered(t, 3, "a/deep")
	for name, data := range numbered(t, 3, "b") {
		files[name] = data
	}
	files["c/0.tar"], files["bare.png"] = numberedShard(t, 3, "shard "), files["b/000.png"]
	var w warnings
	d, err := Open(writeFolder(t, files), 4, w.warn)
	if err != nil || d.Train().Len()+d.Heldout().Len() != 9 {
		t.Fatalf("error = %v, samples = %d + %d, want 9", err, d.Train().Len(), d.Heldout().Len())
	}
	if len(w) != 1 || !strings.Contains(w[0], "1 pictures have no caption and are left out") {
		t.Errorf("warnings = %q, want one of bare.png", w)
	}
}

// tarOf writes members of any type.
func tarOf(t testing.TB, headers ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		data := h.Uname // carries the content
		h.Uname, h.Mode = "", 0o644
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(data))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(data))
	}
	w.Close()
	return b.String()
}

func TestEveryMemberOfAShardIsReadOrCounted(t *testing.T) {
	data := tarOf(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "./"},
		tar.Header{Typeflag: tar.TypeReg, Name: "./a.png", Uname: "A"}, tar.Header{Typeflag: tar.TypeReg, Name: "./a.txt", Uname: "\ufeffone"},
		tar.Header{Typeflag: tar.TypeLink, Name: "./b.png", Linkname: "./a.png"}, tar.Header{Typeflag: tar.TypeLink, Name: "./b.txt", Linkname: "./a.txt"},
		tar.Header{Typeflag: tar.TypeReg, Name: "blobs/1", Uname: "BLOB"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "x/c.png", Linkname: "../blobs/1"}, tar.Header{Typeflag: tar.TypeReg, Name: "x/c.txt", Uname: "three"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "d.png", Linkname: "/elsewhere.png"},
		tar.Header{Typeflag: tar.TypeFifo, Name: "e.png"},
		tar.Header{Typeflag: tar.TypeReg, Name: "f.png", Uname: "PNG"}, tar.Header{Typeflag: tar.TypeReg, Name: "f.jpg", Uname: "JPG"}, tar.Header{Typeflag: tar.TypeReg, Name: "f.txt", Uname: "f"},
		tar.Header{Typeflag: tar.TypeReg, Name: "f.seg.png", Uname: "S"}, tar.Header{Typeflag: tar.TypeReg, Name: "g.npy"}, tar.Header{Typeflag: tar.TypeReg, Name: "._f.jpg"},
		tar.Header{Typeflag: tar.TypeReg, Name: "f.jpg", Uname: "again"}, tar.Header{Typeflag: tar.TypeReg, Name: "f.txt", Uname: "again"},
	)
	entries, faults, err := scan(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s/a one A", "s/b one A", "s/x/c three BLOB", "s/f f JPG"}, entries); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"s/d.png broken", "s/e.png broken", "s/f repeated"}, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	_, notes, _ := addInMemory(data)
	wantNotes(t, notes,
		"1 hidden members are not read, such as s/._f.jpg",
		"1 members *.npy are not read, such as s/g.npy",
		"1 members without extension are not read, such as s/blobs/1",
		"1 pictures of samples that hold another are not read, such as s/f.png",
		"1 pictures with a second dot in their names are not read, for a sample's name ends at the first, such as s/f.seg.png")
}

func TestPatternSaysWhatIsNoShard(t *testing.T) {
	dir := writeFolder(t, map[string]string{"t-0.tar": numberedShard(t, 2, ""), "t-1.tar.gz": "x", "t-2.TAR": numberedShard(t, 2, "")})
	l, err := list(t, filepath.Join(dir, "t-*"), true)
	if err != nil || l.Shards != 2 {
		t.Fatalf("error = %v, shards = %d, want 2", err, l.Shards)
	}
	wantNotes(t, l.Notes, "1 files of the pattern are no shards *.tar and no *.parquet, such as "+filepath.Join(dir, "t-1.tar.gz"))
}

// A link to a folder and the folder itself are one; the folder's own name counts, wherever the link stands.
func TestLinkedFolderIsListedUnderItsOwnName(t *testing.T) {
	dir := writeFolder(t, map[string]string{"z/a.png": "x"})
	for link, target := range map[string]string{"b": "z", "z/up": "..", "gone": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	l, err := list(t, dir, true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"z/a.png": ""}, listed(l)); diff != "" {
		t.Errorf("pictures (-want +got):\n%s", diff)
	}
	wantNotes(t, l.Notes, "1 links lead nowhere, such as gone", "2 links lead to a folder that is listed already, such as b")
}

// Whichever way links lead to a folder or picture, it is listed once.
func TestAPictureIsListedOnceThroughLinks(t *testing.T) {
	links := func(dir string, all map[string]string) {
		t.Helper()
		for link, target := range all {
			if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
				t.Skip("no symbolic links here:", err)
			}
		}
	}
	dir := writeFolder(t, map[string]string{"set/own.png": "x", "x/q.png": "x", "x/sub/p.png": "x"})
	set := filepath.Join(dir, "set")
	links(set, map[string]string{"a": "../x/sub", "b": filepath.Join(dir, "x"), "up": ".."})
	t.Chdir(set)
	for _, name := range []string{set, "."} {
		l, err := list(t, name, true)
		if diff := cmp.Diff([]string{"a/p.png", "b/q.png", "own.png"}, namesOfPictures(l)); err != nil || diff != "" {
			t.Errorf("%s: error = %v, pictures (-want +got):\n%s", name, err, diff)
		}
	}

	dir = writeFolder(t, map[string]string{"raw/x.png": "x", "raw/y.dat": "x",
		metadataName: `{"file_name": "images/x.png", "text": "x"}` + "\n" + `{"file_name": "images/y.dat", "text": "y"}` + "\n" + `{"file_name": "raw/y.dat", "text": "again"}`})
	links(dir, map[string]string{"images": "raw"})
	l, err := list(t, dir, false)
	if diff := cmp.Diff(map[string]string{"raw/x.png": "x", "raw/y.dat": "y | again"}, listed(l)); err != nil || diff != "" || len(l.Pictures) != 2 {
		t.Errorf("error = %v, %d pictures (-want +got):\n%s", err, len(l.Pictures), diff)
	}
}

func namesOfPictures(l Listing) (names []string) {
	for _, p := range l.Pictures {
		names = append(names, p.Name)
	}
	return names
}
