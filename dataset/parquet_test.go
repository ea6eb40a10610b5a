package dataset

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/parallel"
)

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

// tableRow is a row as others write it by hand.
type tableRow struct {
	Image []byte `parquet:"image,optional"`
	Text  string `parquet:"text"`
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
	l, err := list(t, dir, false)
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
