package dataset

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/addlab/addlab/internal/parallel"
)

const fixtures = "testdata/parquet"

// wrote is what make.py says of a file.
type wrote struct {
	Rows []struct {
		Pixels   *string // of Pillow, in hexadecimal; null where the file holds no picture
		JPEG     bool
		Captions any // a string, a list of strings with nulls, or null
	}
	Image, Text, Nested string
}

func readWrote(t *testing.T) (files map[string]wrote) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, "rows.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &files); err != nil {
		t.Fatal(err)
	}
	return files
}

// usable are the captions that a row of make.py has for training.
func usable(captions any) (all []string) {
	switch c := captions.(type) {
	case string:
		if c != "" {
			all = []string{c}
		}
	case []any:
		for _, c := range c {
			if s, ok := c.(string); ok && strings.TrimSpace(s) != "" {
				all = append(all, s)
			}
		}
	}
	return all
}

func TestParquetHoldsWhatPyarrowWrote(t *testing.T) {
	for name, want := range readWrote(t) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(fixtures, filepath.FromSlash(name)+".parquet")
			l, err := Spec{Name: file, Image: want.Image, Text: want.Text}.List(t.Context(), false, nil)
			if err != nil {
				t.Fatal(err)
			}
			at := 0
			for i, row := range want.Rows {
				if row.Pixels == nil {
					continue
				}
				p := l.Pictures[at]
				at++
				if named := fmt.Sprintf("%s/%08d", filepath.Base(name), i); p.Name != named {
					t.Fatalf("row %d is called %s, want %s", i, p.Name, named)
				}
				if diff := cmp.Diff(usable(row.Captions), p.Captions); diff != "" {
					t.Errorf("row %d: captions (-want +got):\n%s", i, diff)
				}
				data, err := p.Read()
				if err != nil {
					t.Fatal(err)
				}
				rgb, err := decodeRGB(data, 4)
				if err != nil {
					t.Fatal(err)
				}
				pixels, err := hex.DecodeString(*row.Pixels)
				if err != nil {
					t.Fatal(err)
				}
				most := 0
				if row.JPEG { // decoders round differently
					most = 2
				}
				for k, v := range pixels {
					if d := int(v) - int(rgb[k]); max(d, -d) > most {
						t.Fatalf("row %d: byte %d = %d, Pillow has %d", i, k, rgb[k], v)
					}
				}
			}
			if at != len(l.Pictures) {
				t.Errorf("pictures = %d, want %d", len(l.Pictures), at)
			}
			if want.Nested == "" {
				return
			}
			if l, err = (Spec{Name: file, Text: want.Nested}).List(t.Context(), false, nil); err != nil {
				t.Fatal(err)
			}
			if got := l.Pictures[3].Captions; !slices.Equal(got, []string{"nested 3"}) {
				t.Errorf("%s of row 3 = %q, want nested 3", want.Nested, got)
			}
		})
	}
}

// A set of several files, row groups and pages reads the same in any order, by any number of readers.
func TestParquetReadsRowsInAnyOrder(t *testing.T) {
	for _, s := range []Spec{{Name: "zstd.parquet"}, {Name: "snappy.parquet", Image: "picture", Text: "words"}, {Name: "hub"}} {
		t.Run(s.Name, func(t *testing.T) {
			s.Name = filepath.Join(fixtures, s.Name)
			l, err := s.List(t.Context(), false, nil)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, p := range l.Pictures {
				data, err := p.Read()
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, string(data))
			}
			for seed := range uint64(20) {
				if l, err = s.List(t.Context(), false, nil); err != nil { // with an empty cache
					t.Fatal(err)
				}
				order := rand.New(rand.NewPCG(seed, 0)).Perm(len(want))
				parallel.For(len(order), func(i int) {
					data, err := l.Pictures[order[i]].Read()
					if err != nil || string(data) != want[order[i]] {
						t.Errorf("order %d: picture %d: error = %v, %d bytes, want %d as before", seed, order[i], err, len(data), len(want[order[i]]))
					}
				})
			}
		})
	}
}

func TestParquetColumnsAreChosenOrListed(t *testing.T) {
	snappy := filepath.Join(fixtures, "snappy.parquet")
	const columns = "columns: picture: binary, words: string, url: string"
	for name, c := range map[string]struct {
		spec Spec
		want string
	}{
		"two texts":            {Spec{Name: snappy}, "snappy.parquet: 2 columns can hold captions (words, url), want --text NAME; " + columns},
		"no such text":         {Spec{Name: snappy, Text: "caption"}, `no column text = "caption"; ` + columns},
		"no such picture":      {Spec{Name: snappy, Image: "image"}, `no column image = "image"; ` + columns},
		"picture is text":      {Spec{Name: snappy, Image: "url", Text: "words"}, `row 0: image = "https://example.org/0", want the picture itself or the name of a file`},
		"text is a number":     {Spec{Name: filepath.Join(fixtures, "hub"), Text: "label"}, `column text = "label" is int64, want string or list of strings; columns: image: struct{bytes: binary, path: string}, caption: string, label: int64`},
		"picture is a number":  {Spec{Name: filepath.Join(fixtures, "hub"), Image: "label"}, `column image = "label" is int64, want bytes of pictures, struct{bytes, path}, or names of picture files`},
		"picture is a list":    {Spec{Name: filepath.Join(fixtures, "zstd.parquet"), Image: "captions"}, `column image = "captions" is list<string>, want bytes`},
		"text is a struct":     {Spec{Name: filepath.Join(fixtures, "zstd.parquet"), Text: "json"}, `column text = "json" is struct{caption: string, score: double}`},
		"within a list":        {Spec{Name: filepath.Join(fixtures, "zstd.parquet"), Text: "captions.list.element"}, `no column text = "captions.list.element"`},
		"a folder without any": {Spec{Name: writeFolder(t, numbered(t, 3, "")), Text: "caption"}, `image = "", text = "caption" name columns of parquet files, and `},
		"the built-in world":   {Spec{Name: "scenes", Image: "image"}, `image = "image", text = "" name columns of parquet files, and scenes has none`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.spec.Open(t.Context(), 4, nil); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error = %v\nwant one line with %q", err, c.want)
			}
		})
	}

	// Looking at pictures needs no captions, and says that none are read.
	l, err := Spec{Name: snappy}.List(t.Context(), true, nil)
	if err != nil || len(l.Pictures) != 10 || l.Pictures[0].Captions != nil {
		t.Fatalf("error = %v, pictures = %d, want 10 without captions", err, len(l.Pictures))
	}
	wantNotes(t, l.Notes, "1 parquet files are read without captions: 2 columns can hold captions (words, url), want --text NAME; "+columns+", such as snappy.parquet")
}

func TestParquetCountsMissingCaptions(t *testing.T) {
	var w warnings
	file := filepath.Join(fixtures, "zstd.parquet")
	if _, err := (Spec{Name: file}).Open(t.Context(), 4, w.warn); err != nil {
		t.Fatal(err)
	}
	want := warnings{
		"dataset: " + file + ": 1 captions of pictures that have another are empty or cannot be used, such as zstd/00000007",
		"dataset: " + file + ": 3 pictures have no caption and are left out",
		"dataset: zstd: skipped zstd/00000006: without caption: text is empty",
		"dataset: zstd: 1 of 8 pictures cannot be used (1 without caption)",
	}
	if diff := cmp.Diff(want, w); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestParquetSplits(t *testing.T) {
	d, err := Open(filepath.Join(fixtures, "hub"), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"train 000 0", "train 000 1", "train 000 2", "train 000 3", "à côté\nd’une ligne", "train 001 1", "train 001 2", "train 001 3"}, {"test 000 0", "test 000 1"},
	}
	if diff := cmp.Diff(want, [][]string{captions(t, d.Train()), captions(t, d.Heldout())}); diff != "" {
		t.Errorf("captions by the names of the files (-want +got):\n%s", diff)
	}

	// Without names, equal pictures fall on one side.
	images := make([]string, 60)
	for i := range images {
		images[i] = string(encodePNG(t, halves(4, 4, red, blue)))
		if i%2 == 1 {
			images[i] += fmt.Sprint(i / 20) // what follows the end of a PNG is no part of the picture
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "a.parquet")
	writeTable(t, file, images)
	if d, err = Open(file, 4, nil); err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for i, data := range images {
		content[fmt.Sprintf("row %d", i)] = data
	}
	train := map[string]bool{}
	for _, c := range captions(t, d.Train()) {
		train[content[c]] = true
	}
	for _, c := range captions(t, d.Heldout()) {
		if train[content[c]] {
			t.Errorf("%s is held out, and its picture is trained on too", c)
		}
	}
	if d.Heldout().Len() == 0 || d.Train().Len() == 0 {
		t.Errorf("sides = %d + %d, want both", d.Train().Len(), d.Heldout().Len())
	}
}

// tableRow is a row as others write it by hand.
type tableRow struct {
	Image []byte `parquet:"image,optional"`
	Text  string `parquet:"text"`
}

func writeTable(t testing.TB, file string, images []string) {
	t.Helper()
	var rows []tableRow
	for i, data := range images {
		rows = append(rows, tableRow{Image: []byte(data), Text: fmt.Sprintf("row %d", i)})
	}
	writeRows(t, file, rows)
}

func writeRows[T any](t testing.TB, file string, rows []T) {
	t.Helper()
	if err := parquet.WriteFile(file, rows); err != nil {
		t.Fatal(err)
	}
}

func TestParquetNamesPictureFiles(t *testing.T) {
	cmyk, err := os.ReadFile("testdata/cmyk.jpg")
	if err != nil {
		t.Fatal(err)
	}
	partly, err := os.ReadFile(filepath.Join(fixtures, "partly.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	dir := writeFolder(t, map[string]string{"cmyk.jpg": string(cmyk), "partly.parquet": string(partly)})
	for _, spec := range []string{"", "partly.parquet", "*.parquet"} {
		l, err := List(filepath.Join(dir, spec), false)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"partly/00000000": "inside", "cmyk.jpg": "beside"}
		if diff := cmp.Diff(want, listed(l)); diff != "" {
			t.Errorf("%q: pictures (-want +got):\n%s", spec, diff)
		}
		for _, p := range l.Pictures {
			if data, err := p.Read(); err != nil || p.Name == "cmyk.jpg" && string(data) != string(cmyk) {
				t.Errorf("%s: error = %v, %d bytes, want %d", p.Name, err, len(data), len(cmyk))
			}
		}
		var faults []string
		for _, f := range l.Faults {
			faults = append(faults, f.Error())
		}
		slices.Sort(faults)
		wantFaults := []string{`absent.png: missing: partly/00000001 names "absent.png": no such file or directory`, "partly/00000002: broken: no picture (null)"}
		if diff := cmp.Diff(wantFaults, faults); diff != "" {
			t.Errorf("%q: faults (-want +got):\n%s", spec, diff)
		}
	}

	// A table beside pictures captions them, as metadata.jsonl does and after it.
	type named struct {
		File string `parquet:"file_name"`
		Text string `parquet:"text"`
	}
	png := string(encodePNG(t, halves(4, 4, red, blue)))
	dir = writeFolder(t, map[string]string{"train/a.png": png, "train/b.png": png, "c.png": png, "test/d.png": png, "c.txt": "c by text"})
	metadata := filepath.Join(dir, "metadata.parquet")
	writeRows(t, metadata, []named{{"train/a.png", "a one"}, {"train/b.png", "b"}, {"c.png", "c"}, {"train/a.png", "a two"}, {"test/d.png", "d"}})
	l, err := Spec{Name: dir, Image: "file_name", Text: "text"}.List(t.Context(), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"train/a.png": "a one | a two", "train/b.png": "b", "c.png": "c by text", "test/d.png": "d"}
	if diff := cmp.Diff(want, listed(l)); diff != "" || l.InFiles != 4 || l.Shards != 0 {
		t.Errorf("files = %d, shards = %d, pictures (-want +got):\n%s", l.InFiles, l.Shards, diff)
	}
	wantNotes(t, l.Notes, "1 captions of parquet files give way to those of metadata.jsonl or .txt, such as c.png")
	d, err := Spec{Name: dir, Image: "file_name"}.Open(t.Context(), 4, nil) // the other column of strings
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"d"}, captions(t, d.Heldout())); diff != "" {
		t.Errorf("held out (-want +got):\n%s", diff)
	}

	// Without the name of a column such a table is counted, and the pictures are listed as before.
	if l, err = List(dir, true); err != nil || len(l.Pictures) != 4 {
		t.Fatalf("error = %v, pictures = %d, want 4", err, len(l.Pictures))
	}
	wantNotes(t, l.Notes, "1 files *.parquet have no column of pictures and are not read, such as metadata.parquet")

	writeTable(t, filepath.Join(dir, "first.parquet"), []string{png})
	if l, err = List(dir, true); err != nil || len(l.Pictures) != 5 {
		t.Fatalf("error = %v, pictures = %d, want 5", err, len(l.Pictures))
	}
	wantNotes(t, l.Notes, "1 files *.parquet have no column of pictures and are not read, such as metadata.parquet")
	alone := writeFolder(t, nil)
	writeRows(t, filepath.Join(alone, "a.parquet"), []named{{"a.png", "a"}})
	if _, err = List(alone, true); err == nil || !strings.Contains(err.Error(), "a.parquet: no column can hold pictures (bytes, or struct with bytes), want --image NAME of names of picture files; columns: file_name: string, text: string") {
		t.Errorf("error = %v, want the columns", err)
	}

	// Names stay within the folder, unless pictures are only looked at.
	for _, name := range []string{"../outside.png", filepath.Join(t.TempDir(), "outside.png"), "link/outside.png"} {
		outer := t.TempDir()
		inner := filepath.Join(outer, "set")
		if err := os.Mkdir(inner, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outer, filepath.Join(inner, "link")); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		place := name
		if !filepath.IsAbs(name) {
			place = filepath.Join(inner, name)
		}
		if err := os.WriteFile(place, []byte(png), 0o666); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(inner, "a.parquet")
		writeRows(t, file, []named{{name, "out"}})
		s := Spec{Name: file, Image: "file_name", Text: "text"}
		if _, err := s.List(t.Context(), false, nil); err == nil || !strings.Contains(err.Error(), "a.parquet: row 0: image = \""+name+"\" leads out of the folder") {
			t.Errorf("%s: error = %v, want that it leads out", name, err)
		}
		l, err := s.List(t.Context(), true, nil)
		if err != nil || len(l.Pictures) != 1 {
			t.Errorf("%s: error = %v, pictures = %d, want 1", name, err, len(l.Pictures))
		} else if data, err := l.Pictures[0].Read(); err != nil || string(data) != png {
			t.Errorf("%s: error = %v, %d bytes", name, err, len(data))
		}
	}
}

func TestParquetRefuses(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(fixtures, "zstd.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	n := len(whole)
	for _, c := range []struct{ name, data, want string }{
		{"an empty file", "", "not a parquet file"},
		{"a file of another kind", strings.Repeat("no table ", 20), "a.parquet: not a parquet file"},
		{"a file that is cut off", string(whole[:n/2]), "a.parquet: the parquet file is cut off or damaged: no footer"},
		{"a file without its beginning", string(whole[n/2:]), "a.parquet: not a parquet file"},
		{"a footer longer than the file", string(whole[:n-8]) + "\xff\xff\xff\x7fPAR1", "cut off or damaged: no footer"},
		{"a damaged footer", string(whole[:n-40]) + strings.Repeat("\xff", 32) + string(whole[n-8:]), "a.parquet: "},
		{"an encrypted footer", "PARE" + string(whole[4:]), "encrypted, want a plain parquet file"},
		{"a pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "a pointer of Git LFS, want the file itself (git lfs pull)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(writeFolder(t, map[string]string{"a.parquet": c.data}), "a.parquet")
			if _, err := Open(file, 4, nil); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error = %v\nwant one line with %q", err, c.want)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "a.parquet")
	if err := parquet.WriteFile(file, []tableRow{{[]byte("picture"), "text"}}, parquet.Compression(&parquet.Lz4Raw)); err != nil {
		t.Fatal(err)
	}
	if _, err := List(file, false); err == nil || !strings.HasSuffix(err.Error(), "a.parquet: column image is compressed by LZ4_RAW, want snappy, gzip, brotli, zstd or nothing") {
		t.Errorf("error = %v, want LZ4 refused", err)
	}
	for cut := 0; cut < n; cut += 1 + n/97 {
		if err := os.WriteFile(file, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := List(file, false); err == nil {
			t.Fatalf("a file of %d bytes cut after %d is read without error", n, cut)
		}
	}
	for spec, want := range map[string]string{
		"a-{00..01}.parquet": "a-00.parquet: no such file",
		"b*.parquet":         "matches no shard *.tar and no *.parquet",
		"gone.parquet":       "no such file or folder",
	} {
		if _, err := Open(filepath.Join(fixtures, spec), 4, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error = %v, want %q", spec, err, want)
		}
	}
}

// A few damaged pages are left out and named; more are an error.
func TestParquetSkipsFewBrokenPictures(t *testing.T) {
	images := make([]string, 100)
	for i := range images {
		images[i] = string(encodePNG(t, halves(4, 4, red, blue))) + fmt.Sprint(i)
	}
	images[31] = images[31][:40]
	images[77] = ""
	file := filepath.Join(t.TempDir(), "a.parquet")
	writeTable(t, file, images)
	var w warnings
	d, err := Open(file, 4, w.warn)
	if err != nil {
		t.Fatal(err)
	}
	if n := d.Train().Len() + d.Heldout().Len(); n != 98 {
		t.Errorf("samples = %d, want 98", n)
	}
	for i, want := range []string{"skipped a/00000031: broken: PNG: ", "skipped a/00000077: broken: empty file", "2 of 100 pictures cannot be used (2 broken)"} {
		if len(w) != 3 || !strings.Contains(w[i], want) {
			t.Errorf("warnings = %q, want %q", w, want)
		}
	}
	images[50] = "no picture"
	writeTable(t, file, images)
	if _, err := Open(file, 4, nil); err == nil || !strings.Contains(err.Error(), "a.parquet: 3 of 100 pictures cannot be used (3 broken), want ≤ 2: a/00000031: broken: PNG") {
		t.Errorf("error = %v, want three broken pictures", err)
	}

	// Wherever a byte is wrong, nothing panics.
	whole, err := os.ReadFile(filepath.Join(fixtures, "zstd.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "zstd.parquet")
	for at := 0; at < len(whole); at += 1 + len(whole)/151 {
		wrong := slices.Clone(whole)
		wrong[at] ^= 0x55
		if err := os.WriteFile(bad, wrong, 0o666); err != nil {
			t.Fatal(err)
		}
		l, err := List(bad, false)
		if err != nil {
			continue
		}
		for _, p := range l.Pictures {
			_, _ = p.Read()
		}
	}
}

// An interrupted training draws the same batches again.
func TestParquetResumes(t *testing.T) {
	batches := func() (all []Batch) {
		d, err := Open(filepath.Join(fixtures, "hub"), 4, nil)
		if err != nil {
			t.Fatal(err)
		}
		loader := NewLoader(d.Train(), 3, 7, "test")
		for step := range 6 {
			b, err := loader.Batch(step)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
		return all
	}
	whole := batches()
	if diff := cmp.Diff(whole[3:], batches()[3:]); diff != "" {
		t.Errorf("batches after an interruption (-want +got):\n%s", diff)
	}
	if slices.Equal(whole[0].Indices, []int{0, 1, 2}) && slices.Equal(whole[1].Indices, []int{3, 4, 5}) {
		t.Error("the order is that of the file, want a shuffle")
	}
}

func TestParquetIsReadOnceMoreThanPagesAreKept(t *testing.T) {
	images := make([]string, 50)
	for i := range images {
		images[i] = string(encodePNG(t, halves(4, 4, red, blue))) + fmt.Sprint(i)
	}
	dir := t.TempDir()
	for i := range 3 {
		writeTable(t, filepath.Join(dir, fmt.Sprintf("%d.parquet", i)), images)
	}
	l, err := List(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i := range l.Pictures {
			k := i * 37 % 150
			data, err := l.Pictures[k].Read()
			if err != nil || string(data) != images[k%50] {
				t.Fatalf("picture %d: error = %v, %q", k, err, data)
			}
		}
	}
}

// FuzzParquet: whatever the bytes, an error or pictures, and no panic.
func FuzzParquet(f *testing.F) {
	for _, name := range []string{"zstd", "snappy", "partly"} {
		data, err := os.ReadFile(filepath.Join(fixtures, name+".parquet"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		l, err := Spec{Name: file}.List(t.Context(), true, nil)
		if err != nil {
			return
		}
		for _, p := range l.Pictures[:min(100, len(l.Pictures))] {
			_, _ = p.Read()
		}
	})
}
