package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

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
	if _, err := list(t, file, false); err == nil || !strings.HasSuffix(err.Error(), "a.parquet: column image is compressed by LZ4_RAW, want snappy, gzip, brotli, zstd or nothing") {
		t.Errorf("error = %v, want LZ4 refused", err)
	}
	for cut := 0; cut < n; cut += 1 + n/97 {
		if err := os.WriteFile(file, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := list(t, file, false); err == nil {
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
		l, err := list(t, bad, false)
		if err != nil {
			continue
		}
		for _, p := range l.Pictures {
			_, _ = p.Read()
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
