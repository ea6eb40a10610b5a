package dataset

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"path"
	"path/filepath"
)

const cifarArchive = "cifar-10-binary.tar.gz"

func init() {
	registerClasses("cifar10", func(size int) (Dataset, error) {
		const how = "put the archive of CIFAR-10's binary version into this folder; shards or a folder of its pictures with captions are read by --data FOLDER"
		dir, err := findSet("cifar10", cifarArchive, how)
		if err != nil {
			return nil, err
		}
		return openCIFAR(filepath.Join(dir, cifarArchive), size)
	})
}

// cifarClasses are the classes of CIFAR-10 (Krizhevsky 2009).
var cifarClasses = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// openCIFAR reads the 50,000 training and 10,000 held-out pictures of 32×32 in the archive. A picture is its class and then its red, green
// and blue plane.
func openCIFAR(archive string, size int) (Dataset, error) {
	const side, record = 32, 1 + 3*32*32
	data, err := unzip(archive)
	if err != nil {
		return nil, err
	}
	batches := map[string][]byte{}
	for t := tar.NewReader(bytes.NewReader(data)); ; {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			batches[path.Base(header.Name)], err = io.ReadAll(t)
		}
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", archive, err)
		}
	}
	set := classSet{name: "cifar10", classes: cifarClasses}
	for _, name := range []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"} {
		batch := batches[name]
		if len(batch) == 0 || len(batch)%record != 0 {
			return nil, fmt.Errorf("dataset: %s: %s = %d bytes, want a multiple of %d", archive, name, len(batch), record)
		}
		if name == "test_batch.bin" {
			set.train = len(set.labels)
		}
		for at := 0; at < len(batch); at += record {
			set.labels = append(set.labels, batch[at])
		}
		set.files = append(set.files, batch...)
	}
	set.picture = func(i int) image.Image {
		planes := set.files[i*record+1 : (i+1)*record]
		m := image.NewNRGBA(image.Rect(0, 0, side, side))
		for k := range side * side {
			copy(m.Pix[4*k:], []byte{planes[k], planes[k+side*side], planes[k+2*side*side], 255})
		}
		return m
	}
	return set.pictures(size)
}
