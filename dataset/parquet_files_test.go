package dataset

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

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
		"dataset: zstd: 1 of 6 pictures cannot be used (1 without caption)",
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
		l, err := list(t, filepath.Join(dir, spec), false)
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

	// The same without statistics, which a file need not have.
	var footer format.FileMetaData
	protocol := new(thrift.CompactProtocol)
	end := len(partly) - 8 - int(binary.LittleEndian.Uint32(partly[len(partly)-8:]))
	if err := thrift.Unmarshal(protocol, partly[end:len(partly)-8], &footer); err != nil {
		t.Fatal(err)
	}
	for i := range footer.RowGroups[0].Columns {
		m := &footer.RowGroups[0].Columns[i].MetaData
		m.Statistics, m.SizeStatistics = format.Statistics{}, format.SizeStatistics{}
	}
	bare, err := thrift.Marshal(protocol, footer)
	if err != nil {
		t.Fatal(err)
	}
	bare = binary.LittleEndian.AppendUint32(slices.Concat(partly[:end], bare), uint32(len(bare)))
	dir = writeFolder(t, map[string]string{"cmyk.jpg": string(cmyk), "partly.parquet": string(bare) + "PAR1"})
	l, err := list(t, dir, true)
	if diff := cmp.Diff(map[string]string{"partly/00000000": "inside", "cmyk.jpg": "beside"}, listed(l)); err != nil || diff != "" {
		t.Errorf("without statistics: error = %v, pictures (-want +got):\n%s", err, diff)
	}

	// A usual file is not searched for nulls.
	f, err := openParquet(filepath.Join(fixtures, "hub", "test-00000-of-00001.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if names, err := (pictureColumn{bytes: find(f.Root(), "image.bytes"), path: find(f.Root(), "image.path")}).names(f); err != nil || names != nil {
		t.Errorf("error = %v, names = %q, want none read", err, names)
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
	l, err = Spec{Name: dir, Image: "file_name", Text: "text"}.List(t.Context(), false, nil)
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
	if l, err = list(t, dir, true); err != nil || len(l.Pictures) != 4 {
		t.Fatalf("error = %v, pictures = %d, want 4", err, len(l.Pictures))
	}
	wantNotes(t, l.Notes, "1 files *.parquet have no column of pictures and are not read, such as metadata.parquet")

	writeTable(t, filepath.Join(dir, "first.parquet"), []string{png})
	if l, err = list(t, dir, true); err != nil || len(l.Pictures) != 5 {
		t.Fatalf("error = %v, pictures = %d, want 5", err, len(l.Pictures))
	}
	wantNotes(t, l.Notes, "1 files *.parquet have no column of pictures and are not read, such as metadata.parquet")
	alone := writeFolder(t, nil)
	writeRows(t, filepath.Join(alone, "a.parquet"), []named{{"a.png", "a"}})
	if _, err = list(t, alone, true); err == nil || !strings.Contains(err.Error(), "a.parquet: no column can hold pictures (bytes, or struct with bytes), want --image NAME of names of picture files; columns: file_name: string, text: string") {
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
