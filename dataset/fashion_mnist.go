package dataset

import (
	"encoding/binary"
	"fmt"
	"image"
	"path/filepath"
)

func init() {
	registerClasses("fashion-mnist", func(size int) (Dataset, error) {
		const how = "`apt-get install dataset-fashion-mnist` brings it on Debian; elsewhere put the four files *-ubyte.gz of Fashion-MNIST into one of these folders"
		dir, err := findSet("fashion-mnist", "train-images-idx3-ubyte.gz", how, "/usr/share/datasets/fashion-mnist")
		if err != nil {
			return nil, err
		}
		return openFashion(dir, size)
	})
}

// fashionClasses are the classes of Fashion-MNIST (Xiao et al., arXiv 1708.07747, table 2).
var fashionClasses = []string{"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"}

// openFashion reads the 60,000 training and 10,000 held-out grey pictures of 28×28 in dir.
func openFashion(dir string, size int) (Dataset, error) {
	const side = 28
	set := classSet{name: "fashion-mnist", classes: fashionClasses}
	var pixels []byte
	for _, part := range []string{"train", "t10k"} {
		images, err := readIDX(filepath.Join(dir, part+"-images-idx3-ubyte.gz"), side, side)
		if err != nil {
			return nil, err
		}
		labels, err := readIDX(filepath.Join(dir, part+"-labels-idx1-ubyte.gz"))
		if err != nil {
			return nil, err
		}
		if len(images) != len(labels)*side*side {
			return nil, fmt.Errorf("dataset: %s: %s pictures = %d, labels = %d, want as many", dir, part, len(images)/side/side, len(labels))
		}
		pixels, set.labels = append(pixels, images...), append(set.labels, labels...)
		if part == "train" {
			set.train = len(labels)
		}
	}
	set.files = append(pixels, set.labels...)
	set.picture = func(i int) image.Image {
		return &image.Gray{Pix: pixels[i*side*side : (i+1)*side*side], Stride: side, Rect: image.Rect(0, 0, side, side)}
	}
	return set.pictures(size)
}

// readIDX reads bytes of n elements with the given further axes, in the format of MNIST: 0, 0, type, number of axes, then the length of
// each axis in four bytes, the highest first.
func readIDX(path string, axes ...int) ([]byte, error) {
	data, err := unzip(path)
	if err != nil {
		return nil, err
	}
	const unsigned = 8
	header := 8 + 4*len(axes)
	if len(data) < header || binary.BigEndian.Uint32(data) != unsigned<<8|uint32(1+len(axes)) {
		return nil, fmt.Errorf("dataset: %s: no IDX file of bytes with %d axes", path, 1+len(axes))
	}
	want := int(binary.BigEndian.Uint32(data[4:]))
	for i, axis := range axes {
		if got := int(binary.BigEndian.Uint32(data[8+4*i:])); got != axis {
			return nil, fmt.Errorf("dataset: %s: axis %d = %d, want %d", path, i+1, got, axis)
		}
		want *= axis
	}
	if len(data)-header != want {
		return nil, fmt.Errorf("dataset: %s: values = %d, want %d", path, len(data)-header, want)
	}
	return data[header:], nil
}
