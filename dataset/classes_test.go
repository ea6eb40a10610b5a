package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func gzipped(t *testing.T, path string, data []byte) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	if err = errors.Join(err, z.Close(), os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, b.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
}

// cachedSet is the folder of the user's cache for a set by hand.
func cachedSet(t *testing.T, name string) string {
	t.Helper()
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	return filepath.Join(cache, "addlab", "datasets", name)
}

// idx is a file in the format of MNIST.
func idx(data []byte, axes ...int) []byte {
	b := []byte{0, 0, 8, byte(len(axes))}
	for _, n := range axes {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return append(b, data...)
}

// wantSamples checks that sample i of a source has the caption and one plain colour.
func wantSamples(t *testing.T, src Source, captions []string, colour func(i int) [3]uint8) {
	t.Helper()
	if src.Len() != len(captions) {
		t.Fatalf("samples = %d, want %d", src.Len(), len(captions))
	}
	for i, want := range captions {
		s, err := src.Sample(i)
		if err != nil || s.Caption != want {
			t.Fatalf("sample %d: %q, %v, want %q", i, s.Caption, err, want)
		}
		for k, v := range s.Image.Pix {
			if v != levels[colour(i)[k%3]] {
				t.Fatalf("sample %d: value %d = %g, want %g", i, k, v, levels[colour(i)[k%3]])
			}
		}
	}
}

func TestFashionMNIST(t *testing.T) {
	dir := cachedSet(t, "fashion-mnist")
	plain := func(greys ...byte) (pix []byte) {
		for _, g := range greys {
			pix = append(pix, bytes.Repeat([]byte{g}, 28*28)...)
		}
		return pix
	}
	gzipped(t, filepath.Join(dir, "train-images-idx3-ubyte.gz"), idx(plain(10, 20, 30), 3, 28, 28))
	gzipped(t, filepath.Join(dir, "train-labels-idx1-ubyte.gz"), idx([]byte{9, 0, 7}, 3))
	gzipped(t, filepath.Join(dir, "t10k-images-idx3-ubyte.gz"), idx(plain(40), 1, 28, 28))
	gzipped(t, filepath.Join(dir, "t10k-labels-idx1-ubyte.gz"), idx([]byte{2}, 1))
	d, err := Open("fashion-mnist", 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantSamples(t, d.Train(), []string{"ankle boot", "t-shirt", "sneaker"}, func(i int) [3]uint8 { g := uint8(10 * (i + 1)); return [3]uint8{g, g, g} })
	wantSamples(t, d.Heldout(), []string{"pullover"}, func(int) [3]uint8 { return [3]uint8{40, 40, 40} })

	before := d.Hash()
	gzipped(t, filepath.Join(dir, "t10k-labels-idx1-ubyte.gz"), idx([]byte{3}, 1))
	if d, err = Open("fashion-mnist", 32, nil); err != nil || d.Hash() == before || !strings.HasPrefix(d.Hash(), "fashion-mnist-size32-") {
		t.Errorf("hash = %s, %v, want another than %s", d.Hash(), err, before)
	}
	for why, c := range map[string]struct {
		labels []byte
		want   string
	}{
		"another number":    {idx([]byte{1, 2}, 2), "pictures = 1, labels = 2"},
		"an unknown class":  {idx([]byte{10}, 1), "class of picture 3 = 10, want 0 … 9"},
		"no such format":    {[]byte("labels, but not so"), "no IDX file of bytes with 1 axes"},
		"a file cut short":  {idx([]byte{}, 1), "values = 0, want 1"},
		"other axes inside": {idx([]byte{1}, 1, 1), "no IDX file"},
	} {
		gzipped(t, filepath.Join(dir, "t10k-labels-idx1-ubyte.gz"), c.labels)
		if _, err := Open("fashion-mnist", 32, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q in it", why, err, c.want)
		}
	}
}

func TestCIFAR10(t *testing.T) {
	path := filepath.Join(cachedSet(t, "cifar10"), cifarArchive)
	pack := func(batches ...string) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i, name := range batches {
			record := bytes.Join([][]byte{{byte(i)}, bytes.Repeat([]byte{byte(10 * i)}, 1024), bytes.Repeat([]byte{100}, 1024), bytes.Repeat([]byte{200}, 1024)}, nil)
			err := w.WriteHeader(&tar.Header{Name: "cifar-10-batches-bin/" + name, Mode: 0o644, Size: int64(len(record))})
			if _, err2 := w.Write(record); err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		gzipped(t, path, b.Bytes())
	}
	var names []string
	for k := range 5 {
		names = append(names, fmt.Sprintf("data_batch_%d.bin", k+1))
	}
	pack(append(names, "test_batch.bin")...)
	d, err := Open("cifar10", 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantSamples(t, d.Train(), cifarClasses[:5], func(i int) [3]uint8 { return [3]uint8{uint8(10 * i), 100, 200} })
	wantSamples(t, d.Heldout(), []string{"dog"}, func(int) [3]uint8 { return [3]uint8{50, 100, 200} })
	pack(names...)
	if _, err := Open("cifar10", 32, nil); err == nil || !strings.Contains(err.Error(), "test_batch.bin = 0 bytes") {
		t.Errorf("error = %v, want one that names the batch that is missing", err)
	}
}

func TestSetsThatAreNotHere(t *testing.T) {
	for name, want := range map[string]string{"cifar10": cifarArchive, "fashion-mnist": "apt-get install dataset-fashion-mnist"} {
		dir := cachedSet(t, name)
		if _, err := os.Stat("/usr/share/datasets/" + name); err == nil {
			continue
		}
		if _, err := Open(name, 32, nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error = %v, want %q and %s in it", name, err, want, dir)
		}
	}
}
