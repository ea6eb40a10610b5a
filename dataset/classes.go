package dataset

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/parallel"
)

// classes are the names of the built-in sets of classes; they are filled while the package starts.
var classes []string

// IsOfClasses tells whether a built-in set has classes and no attributes. It looks for no files.
func IsOfClasses(name string) bool { return slices.Contains(classes, name) }

// registerClasses makes a set of classes known by its name.
func registerClasses(name string, open func(size int) (Dataset, error)) {
	classes = append(classes, name)
	builtin[name] = func(_ context.Context, size int, _ func(string, ...any)) (Dataset, error) { return open(size) }
}

// classSet is pictures with the numbers of their classes. The caption of a picture is its class.
type classSet struct {
	name    string
	classes []string
	files   []byte // all that was read, for the hash

	labels  []uint8
	picture func(i int) image.Image
	train   int // the first so many are for training
}

// pictures resamples the set to size×size.
func (c classSet) pictures(size int) (*pictures, error) {
	if c.train < 1 || c.train >= len(c.labels) {
		return nil, fmt.Errorf("dataset: %s: pictures = %d, %d of them for training, want some for training and some held out", c.name, len(c.labels), c.train)
	}
	p := &pictures{name: c.name, size: size, hash: fmt.Sprintf("%s-size%d-%x", c.name, size, sha256.Sum256(c.files))[:len(c.name)+32]}
	p.train.of, p.heldout.of = p, p
	for i, label := range c.labels {
		if int(label) >= len(c.classes) {
			return nil, fmt.Errorf("dataset: %s: class of picture %d = %d, want 0 … %d", c.name, i, label, len(c.classes)-1)
		}
		p.entries = append(p.entries, entry{caption: c.classes[label], picture: len(p.entries)})
		side := &p.train
		if i >= c.train {
			side = &p.heldout
		}
		side.index = append(side.index, int32(i))
	}
	area := size * size * 3
	p.pix = make([]uint8, len(c.labels)*area)
	parallel.For(len(c.labels), func(i int) { copy(p.pix[i*area:], fit(c.picture(i), size)) })
	return p, nil
}

// findSet returns the first folder that holds a file: one of the user's cache, or a further one; how says how to get the file.
func findSet(name, file, how string, further ...string) (dir string, err error) {
	own, err := download.Dir(filepath.Join("datasets", name))
	if err != nil {
		return "", err
	}
	dirs := append([]string{own}, further...)
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("dataset: %s is not on this machine: none of %s holds %s: %s", name, strings.Join(dirs, ", "), file, how)
}

// unzip reads a file that gzip compressed.
func unzip(path string) (data []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err == nil {
		data, err = io.ReadAll(z)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", path, err)
	}
	return data, nil
}
