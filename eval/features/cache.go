package features

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/npy"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/internal/atomicfile"
)

// Cache keeps features in a folder, one below it for each extractor. A nil Cache keeps nothing.
//
// A folder holds packs of some hundred pictures, .npz files with hashes [n,32], features [n,d] and, where the network has them, logits
// [n,classes], each written whole or not at all. What a picture's features are depends on its content and on the extractor alone, so a
// pack serves all sets that contain its pictures.
type Cache struct{ dir string }

// OpenCache makes the folder; "" means the user's own.
func OpenCache(dir string) (*Cache, error) {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("features: no cache folder: %w; say --cache or --no-cache", err)
		}
		dir = filepath.Join(user, "addlab", "features")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("features: cache: %w", err)
	}
	return &Cache{dir}, nil
}

// row is where the features of a picture stand.
type row struct {
	pack string
	at   int
}

// extractorCache is the part of a cache that belongs to one extractor.
type extractorCache struct {
	dir     string // "" where nothing is kept
	rows    map[pictures.Hash]row
	damaged []string // packs that could not be read
}

// of opens the folder of an extractor and lists what is in it.
func (c *Cache) of(key, name string) (*extractorCache, error) {
	s := &extractorCache{rows: map[pictures.Hash]row{}}
	if c == nil {
		return s, nil
	}
	s.dir = filepath.Join(c.dir, shortHash(key))
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return nil, fmt.Errorf("features: cache: %w", err)
	}
	about := filepath.Join(s.dir, "about.json")
	if _, err := os.Stat(about); errors.Is(err, fs.ErrNotExist) {
		text, err := json.MarshalIndent(map[string]string{"extractor": name, "key": key}, "", "  ")
		if err != nil {
			return nil, err
		}
		if err := writeWhole(about, append(text, '\n')); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("features: cache: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), packPrefix) || !strings.HasSuffix(e.Name(), ".npz") {
			continue
		}
		hashes, err := readHashes(filepath.Join(s.dir, e.Name()))
		if err != nil {
			s.damaged = append(s.damaged, e.Name())
			continue
		}
		for i, h := range hashes {
			s.rows[h] = row{e.Name(), i}
		}
	}
	return s, nil
}

func writeWhole(path string, data []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// shortHash is a name for a folder or file.
func shortHash(parts ...string) string {
	h := pictures.NewHash(parts...)
	return hex.EncodeToString(h[:8])
}

const packPrefix = "pack-"

func readHashes(path string) ([]pictures.Hash, error) {
	a, err := npy.Open(path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	flat, err := npy.Load[uint8](a, "hashes")
	if err != nil {
		return nil, err
	}
	if len(flat.Shape) != 2 || flat.Shape[1] != sha256.Size || !a.Has("features") {
		return nil, fmt.Errorf("features: %s: hashes %v, want [n %d] beside features", path, flat.Shape, sha256.Size)
	}
	hashes := make([]pictures.Hash, flat.Shape[0])
	for i := range hashes {
		copy(hashes[i][:], flat.Data[i*sha256.Size:])
	}
	return hashes, nil
}

// add writes a pack, named by its content.
func (s *extractorCache) add(hashes []pictures.Hash, features, logits eval.Features) error {
	if s.dir == "" || len(hashes) == 0 {
		return nil
	}
	flat := make([]uint8, 0, len(hashes)*sha256.Size)
	for _, h := range hashes {
		flat = append(flat, h[:]...)
	}
	members := []npy.Member{
		npy.As("hashes", npy.Array[uint8]{Shape: []int{len(hashes), sha256.Size}, Data: flat}),
		npy.As("features", asArray(features)),
	}
	if logits.N > 0 {
		members = append(members, npy.As("logits", asArray(logits)))
	}
	name := packPrefix + shortHash(string(flat)) + ".npz"
	if err := npy.WriteArchive(filepath.Join(s.dir, name), members...); err != nil {
		return fmt.Errorf("features: cache: %w; say --no-cache or --cache with another folder", err)
	}
	for i, h := range hashes {
		s.rows[h] = row{name, i}
	}
	return nil
}

// pack reads the features and logits of a pack.
func (s *extractorCache) pack(name string) (features, logits eval.Features, err error) {
	a, err := npy.Open(filepath.Join(s.dir, name))
	if err != nil {
		return features, logits, err
	}
	defer a.Close()
	if features, err = loadFeatures(a, "features"); err != nil {
		return features, logits, err
	}
	if a.Has("logits") {
		logits, err = loadFeatures(a, "logits")
	}
	return features, logits, err
}

func asArray(f eval.Features) npy.Array[float32] {
	return npy.Array[float32]{Shape: []int{f.N, f.D}, Data: f.Data}
}

// loadFeatures reads a finite matrix.
func loadFeatures(a *npy.Archive, name string) (eval.Features, error) {
	array, err := npy.Load[float32](a, name)
	if err != nil {
		return eval.Features{}, err
	}
	f, err := matrix(array)
	if err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func matrix(a npy.Array[float32]) (eval.Features, error) {
	if len(a.Shape) != 2 {
		return eval.Features{}, fmt.Errorf("shape = %v, want [pictures dimensions]", a.Shape)
	}
	f := eval.Features{N: a.Shape[0], D: a.Shape[1], Data: a.Data}
	return f, f.Validate()
}
