package pictures

import (
	"archive/tar"
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plain is a PNG of one grey level.
func plain(t testing.TB, level uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 4, 3))
	for i := range m.Pix {
		m.Pix[i] = level
	}
	m.SetGray(0, 0, color.Gray{Y: 255 - level})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write makes a folder of files.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func captionsOf(s Set) map[string]string {
	m := map[string]string{}
	for _, item := range s.Items {
		m[item.Name] = item.Caption
	}
	return m
}

func TestFolderIsListedToItsGround(t *testing.T) {
	p := string(plain(t, 9))
	dir := write(t, map[string]string{
		"b.PNG": p, "a.png": p, "deep/er/c.jpeg": p, "notes.txt": "no picture", ".hidden.png": p, ".git/d.png": p, "e.tiff": "x", "f.tiff": "x",
	})
	outside := write(t, map[string]string{"o.png": p})
	for link, target := range map[string]string{
		"circle": dir, "deep/up": "..", "gone.png": "nowhere", "linked.png": "a.png", "out": outside,
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	set, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range set.Items {
		names = append(names, item.Name)
	}
	if diff := cmp.Diff([]string{"a.png", "b.PNG", "deep/er/c.jpeg", "linked.png", "out/o.png"}, names); diff != "" {
		t.Error(diff)
	}
	if len(set.Faults) != 1 || !strings.Contains(set.Faults[0].Error(), "gone.png: broken: link leads nowhere") {
		t.Errorf("faults = %v, want the broken link", set.Faults)
	}
	notes := strings.Join(set.Notes, "\n")
	for _, want := range []string{"2 links lead to a folder that is listed already, such as circle", "2 files *.tiff are not read", "2 hidden files and folders", "1 files *.txt caption no picture, such as notes.txt"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes = %q, want %q", notes, want)
		}
	}
	content, err := set.Items[1].Read()
	if err != nil {
		t.Fatal(err)
	}
	if rgb, err := content.Decode(); err != nil || rgb.Width != 4 || rgb.Height != 3 || rgb.Pix[3] != 9 {
		t.Errorf("decoded %v, %v", rgb, err)
	}
}

func TestUnreadableFolderIsNamed(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("the superuser reads everything")
	}
	dir := write(t, map[string]string{"a.png": "x", "closed/b.png": "x"})
	closed := filepath.Join(dir, "closed")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(closed, 0o777) })
	if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "closed: permission denied") {
		t.Errorf("error = %v, want the closed folder", err)
	}
}

func TestCaptionsFromWhereverTheyStand(t *testing.T) {
	p := string(plain(t, 9))
	pictures := map[string]string{"a.png": p, "sub/b.png": p, "sub/c.png": p}
	with := func(more map[string]string) string {
		files := map[string]string{}
		for _, m := range []map[string]string{pictures, more} {
			for k, v := range m {
				files[k] = v
			}
		}
		return write(t, files)
	}
	beside := write(t, map[string]string{
		"lines.txt": "\ufeffone\r\ntwo\r\nthree\r\n", "rows.NDJSON": `{"file_name":"a.png","text":"one"}`, "rows.jsonl": `{"file_name":"a.png","text":"one"}` + "\n" + `{"file_name":"b.png","text":"two"}`,
		"object.json": `{"a":"one","sub/b.png":"two","c.png":"three"}`,
	})
	for _, c := range []struct {
		why, dir, file string
		want           map[string]string
	}{
		{"none", with(nil), "", map[string]string{"a.png": "", "sub/b.png": "", "sub/c.png": ""}},
		{"text files beside the pictures", with(map[string]string{"a.txt": " one\n", "sub/c.txt": "three"}), "", map[string]string{"a.png": "one", "sub/b.png": "", "sub/c.png": "three"}},
		{"metadata.jsonl above and below", with(map[string]string{
			"metadata.jsonl":     `{"file_name":"a.png","text":"one"}` + "\n\n" + `{"file_name":"a.png","text":"another"}` + "\n" + `{"file_name":"sub/b.png","text":"two"}`,
			"sub/metadata.jsonl": `{"file_name":"c.png","text":"three"}`,
		}), "", map[string]string{"a.png": "one", "sub/b.png": "two", "sub/c.png": "three"}},
		{"a file of lines", with(nil), filepath.Join(beside, "lines.txt"), map[string]string{"a.png": "one", "sub/b.png": "two", "sub/c.png": "three"}},
		{"a file of JSON lines, by the last part of the name", with(nil), filepath.Join(beside, "rows.jsonl"), map[string]string{"a.png": "one", "sub/b.png": "two", "sub/c.png": ""}},
		{"an extension in capitals", with(nil), filepath.Join(beside, "rows.NDJSON"), map[string]string{"a.png": "one", "sub/b.png": "", "sub/c.png": ""}},
		{"a JSON object, with extension or without", with(nil), filepath.Join(beside, "object.json"), map[string]string{"a.png": "one", "sub/b.png": "two", "sub/c.png": "three"}},
	} {
		set, err := Open(t.Context(), c.dir, Options{Captions: c.file})
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
		} else if diff := cmp.Diff(c.want, captionsOf(set)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

func TestShardsWithAndWithoutCaptions(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range []struct{ name, data string }{
		{"1.png", string(plain(t, 1))}, {"1.txt", "one"}, {"2.png", string(plain(t, 2))}, {"2.cls", "7"}, {"3.txt", "no picture"},
	} {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.data)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(m.data))
	}
	w.Close()
	for _, name := range []string{"s0.tar", "s1.tar"} {
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, spec := range []string{dir, filepath.Join(dir, "s{0..1}.tar"), filepath.Join(dir, "*.tar")} {
		set, err := Open(t.Context(), spec, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"s0/1": "one", "s0/2": "", "s1/1": "one", "s1/2": ""}, captionsOf(set)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spec, diff)
		}
		if len(set.Faults) != 2 {
			t.Errorf("%s: faults = %v, want the two captions without a picture", spec, set.Faults)
		}
		c, err := set.Items[1].Read()
		if err != nil {
			t.Fatal(err)
		}
		if rgb, err := c.Decode(); err != nil || rgb.Pix[3] != 2 {
			t.Errorf("%s: second picture %v, %v", spec, rgb.Pix[:6], err)
		}
	}
}

func TestScenesSplits(t *testing.T) {
	first := func(spec string, n int) (Set, Content) {
		set, err := Open(t.Context(), spec, Options{N: n})
		if err != nil {
			t.Fatal(err)
		}
		c, err := set.Items[0].Read()
		if err != nil {
			t.Fatal(err)
		}
		return set, c
	}
	a, ca := first("scenes", 7)
	b, cb := first("scenes:heldout:3:2", 0)
	if len(a.Items) != 7 || len(b.Items) != 3 {
		t.Errorf("%d and %d pictures, want 7 and 3", len(a.Items), len(b.Items))
	}
	if c, err := a.Items[2].Read(); err != nil || c.Hash != cb.Hash || a.Items[2].Caption != b.Items[0].Caption {
		t.Errorf("picture 2 of both differs: %v", err)
	}
	if _, c := first("scenes:train", 7); c.Hash == ca.Hash {
		t.Error("two splits begin with the same picture")
	}
	if free, c := first("scenes-free", 7); c.Hash == ca.Hash || free.Items[0].Caption != a.Items[0].Caption {
		t.Errorf("%q of scenes-free has the picture or not the caption of scenes", free.Items[0].Caption)
	}
	if rgb, err := ca.Decode(); err != nil || rgb.Width != 32 || len(rgb.Pix) != 32*32*3 {
		t.Errorf("decoded %d×%d, %v", rgb.Width, rgb.Height, err)
	}
}

func TestWrongSets(t *testing.T) {
	p := string(plain(t, 9))
	empty := t.TempDir()
	dir := write(t, map[string]string{"a.png": p, "b.png": p, "short.txt": "one\n", "bad.jsonl": "{}\n", "bad.json": "[1]", "file.dat": "x",
		"table.csv": "a.png,a\nb.png,b\n", "json.txt": "{\"file_name\":\"a.png\"}\n{}\n", "table.txt": "a.png\ta\nb.png\tb", "latin.txt": "caf\u00e9\ncaf\xe9",
		"coco.json": `{"images": [], "annotations": []}`, "utf16.txt": "\xff\xfea\x00\n\x00b\x00"})
	mixed := write(t, map[string]string{"preview.png": p, "0.tar": strings.Repeat("\x00", 1024)})
	zipped := write(t, map[string]string{"0.tar.gz": "x"})
	broken := write(t, map[string]string{"a.png": p, "metadata.jsonl": "{\"file_name\": 1}\n"})
	for _, c := range []struct {
		why, spec string
		o         Options
		want      string
	}{
		{"nothing there", filepath.Join(empty, "none"), Options{}, "no such file or folder"},
		{"an empty folder", empty, Options{}, "no pictures in it"},
		{"a file of another kind", filepath.Join(dir, "file.dat"), Options{}, "want a folder of pictures"},
		{"a pattern without shards", filepath.Join(dir, "*.tar"), Options{}, "matches no shard"},
		{"an unknown split", "scenes:test", Options{}, "train, heldout, stated, novel, all"},
		{"an unknown split of another world", "scenes-free:test", Options{}, "scenes-free:SPLIT:N:FIRST"},
		{"classes, whose files may be missing too", "fashion-mnist:heldout:8", Options{}, "pictures: fashion-mnist is a set of classes, want a world with attributes"},
		{"no scenes at all", "scenes:heldout:0", Options{}, "whole numbers"},
		{"too many fields", "scenes:heldout:1:2:3", Options{}, "scenes:SPLIT:N:FIRST"},
		{"fewer lines than pictures", dir, Options{Captions: filepath.Join(dir, "short.txt")}, "short.txt: lines = 1, want 2"},
		{"a caption file that is not there", dir, Options{Captions: filepath.Join(dir, "none.txt")}, "none.txt: no such file"},
		{"JSON lines without names", dir, Options{Captions: filepath.Join(dir, "bad.jsonl")}, `bad.jsonl:1: no file_name (keys: ), want lines {"file_name"`},
		{"JSON that is no object", dir, Options{Captions: filepath.Join(dir, "bad.json")}, "want {"},
		{"captions in a table", dir, Options{Captions: filepath.Join(dir, "table.csv")}, "table.csv, want a file .jsonl, .json or .txt"},
		{"JSON lines called text", dir, Options{Captions: filepath.Join(dir, "json.txt")}, `json.txt: line 1 = "{\"file_name\":\"a.png\"}" is JSON or names a picture`},
		{"a table called text", dir, Options{Captions: filepath.Join(dir, "table.txt")}, `line 1 = "a.png\ta" is JSON or names a picture`},
		{"Latin-1", dir, Options{Captions: filepath.Join(dir, "latin.txt")}, "latin.txt: line 2 is no UTF-8"},
		{"a JSON object of other things", dir, Options{Captions: filepath.Join(dir, "coco.json")}, `coco.json: annotations = [], want one string, want {"name.png": "caption", …}`},
		{"UTF-16", dir, Options{Captions: filepath.Join(dir, "utf16.txt")}, "want UTF-8"},
		{"shards beside pictures", mixed, Options{}, "shards = 1 and pictures beside them = 1, want one of the two"},
		{"compressed shards", zipped, Options{}, "1 files *.tar.gz are not read, want plain *.tar"},
		{"metadata that is wrong", broken, Options{}, "metadata.jsonl:1: "},
	} {
		if _, err := Open(t.Context(), c.spec, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", c.why, err, c.want)
		}
	}
}

// Captions of a parquet file are wanted only where they are named, or one column alone can hold them.
func TestParquetFiles(t *testing.T) {
	const file = "../../dataset/testdata/parquet/snappy.parquet"
	for text, caption := range map[string]string{"": "", "words": "a cat"} {
		set, err := Open(t.Context(), file, Options{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if set.Kind != "shards" || set.Tables != 1 || len(set.Items) != 10 || set.Items[0].Caption != caption {
			t.Errorf("--text %q: %s of %d files with %d pictures, the first is %q, want %q", text, set.Kind, set.Tables, len(set.Items), set.Items[0].Caption, caption)
		}
		c, err := set.Items[9].Read()
		if err != nil || c.Format != "PNG" || c.Width != 4 {
			t.Errorf("--text %q: error = %v, picture = %s of %d", text, err, c.Format, c.Width)
		}
		if told := len(set.Notes) > 0 && strings.Contains(set.Notes[0], "parquet files are read without captions: 2 columns can hold captions (words, url), want --text NAME"); told != (text == "") {
			t.Errorf("--text %q: notes = %q", text, set.Notes)
		}
	}
	set, err := Open(t.Context(), "../../dataset/testdata/parquet/zstd.parquet", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if set.Items[0].Caption != "a" || !strings.Contains(strings.Join(set.Notes, "\n"), "2 pictures have several captions, of which the first counts") {
		t.Errorf("the first caption = %q, notes = %q, want a of several", set.Items[0].Caption, set.Notes)
	}
}
