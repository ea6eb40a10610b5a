package features

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/npy"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/internal/download"
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
		var err error
		if dir, err = download.Dir("features"); err != nil {
			return nil, fmt.Errorf("features: no cache folder: %w; say --cache or --no-cache", err)
		}
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
	dir  string // "" where nothing is kept
	rows map[pictures.Hash]row
	held map[string]pack // of a call without a cache
	lost lostPacks       // when the folder was opened
}

// lostPacks names packs that are damaged or gone. They are forgotten, so that their pictures are extracted anew.
type lostPacks []string

func (l lostPacks) Error() string { return strings.Join(l, ", ") + ": damaged" }

// pack holds some hundred pictures, a row each; logits are empty where the network has none.
type pack struct {
	hashes           []pictures.Hash
	features, logits eval.Features
}

// of opens the folder of an extractor and lists what is in it.
func (c *Cache) of(key string) (*extractorCache, error) {
	s := &extractorCache{rows: map[pictures.Hash]row{}, held: map[string]pack{}}
	if c == nil {
		return s, nil
	}
	s.dir = filepath.Join(c.dir, shortHash(key))
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return nil, fmt.Errorf("features: cache: %w", err)
	}
	names, err := fs.Glob(os.DirFS(s.dir), "pack-*.npz")
	if err != nil {
		return nil, fmt.Errorf("features: cache: %w", err)
	}
	for _, name := range names {
		p, err := s.read(name, false)
		if err := unreadable(err); err != nil {
			return nil, err
		}
		if err != nil {
			s.drop(name)
			s.lost = append(s.lost, name)
			continue
		}
		s.list(name, p)
	}
	return s, nil
}

func (s *extractorCache) list(name string, p pack) {
	for i, h := range p.hashes {
		s.rows[h] = row{name, i}
	}
}

// unreadable is the error of a file that the system does not give, nil for others: what the file holds may be good. One that is gone
// was removed by another call.
func unreadable(err error) error {
	if fault := (*fs.PathError)(nil); !errors.As(err, &fault) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("features: cache: %w; say --no-cache or --cache with another folder", err)
}

// drop forgets a pack and removes it: what takes its place may have another name.
func (s *extractorCache) drop(name string) {
	maps.DeleteFunc(s.rows, func(_ pictures.Hash, r row) bool { return r.pack == name })
	_ = os.Remove(filepath.Join(s.dir, name)) // where it stays it is met again by the next call, which costs time only
}

func shortHash(key string) string {
	h := pictures.NewHash(key)
	return hex.EncodeToString(h[:8])
}

// add keeps a pack, named by its content.
func (s *extractorCache) add(p pack) error {
	if len(p.hashes) == 0 {
		return nil
	}
	hashes := npy.Array[uint8]{Shape: []int{len(p.hashes), sha256.Size}}
	for _, h := range p.hashes {
		hashes.Data = append(hashes.Data, h[:]...)
	}
	name := "pack-" + shortHash(string(hashes.Data)) + ".npz"
	s.list(name, p)
	if s.dir == "" {
		s.held[name] = p
		return nil
	}
	members := []npy.Member{npy.As("hashes", hashes), member("features", p.features)}
	if p.logits.N > 0 {
		members = append(members, member("logits", p.logits))
	}
	if err := npy.WriteArchive(filepath.Join(s.dir, name), members...); err != nil {
		return fmt.Errorf("features: cache: %w; say --no-cache or --cache with another folder", err)
	}
	return nil
}

func member(name string, f eval.Features) npy.Member {
	return npy.As(name, npy.Array[float32]{Shape: []int{f.N, f.D}, Data: f.Data})
}

// read gives a pack, or only its hashes where the whole is not wanted.
func (s *extractorCache) read(name string, whole bool) (p pack, err error) {
	if held, ok := s.held[name]; ok {
		return held, nil
	}
	a, err := npy.Open(filepath.Join(s.dir, name))
	if err != nil {
		return p, err
	}
	defer a.Close()
	flat, err := npy.Load[uint8](a, "hashes")
	if err != nil {
		return p, err
	}
	if len(flat.Shape) != 2 || flat.Shape[1] != sha256.Size {
		return p, fmt.Errorf("%s: hashes = %v, want [n %d]", name, flat.Shape, sha256.Size)
	}
	for h := range slices.Chunk(flat.Data, sha256.Size) {
		p.hashes = append(p.hashes, pictures.Hash(h))
	}
	if whole {
		if p.features, err = loadFeatures(a, "features"); err == nil && a.Has("logits") {
			p.logits, err = loadFeatures(a, "logits")
		}
		if err == nil && (p.features.N != len(p.hashes) || p.logits.N > 0 && p.logits.N != len(p.hashes)) {
			err = fmt.Errorf("%s: rows of features = %d and of logits = %d, want %d", name, p.features.N, p.logits.N, len(p.hashes))
		}
	}
	return p, err
}

// gather puts rows into the order of their hashes. Each pack is read once. Where some cannot be read, they are dropped, and the error is
// of lostPacks.
func (s *extractorCache) gather(hashes []pictures.Hash) (all pack, err error) {
	places := map[string][]int{} // by pack
	for i, h := range hashes {
		name := s.rows[h].pack
		places[name] = append(places[name], i)
	}
	var lost lostPacks
	for name, of := range places {
		p, err := s.read(name, true)
		if err := unreadable(err); err != nil {
			return all, err
		}
		if err != nil {
			s.drop(name)
			lost = append(lost, name)
			continue
		}
		if all.features.N == 0 {
			all = pack{hashes, empty(len(hashes), p.features.D), empty(len(hashes), p.logits.D)}
		}
		if p.features.D != all.features.D || p.logits.D != all.logits.D {
			return all, fmt.Errorf("features: cache %s: %s has %d dimensions and %d logits, want %d and %d; remove the file, or say --no-cache",
				s.dir, name, p.features.D, p.logits.D, all.features.D, all.logits.D)
		}
		for _, i := range of {
			at := s.rows[hashes[i]].at
			copy(all.features.Row(i), p.features.Row(at))
			if all.logits.N > 0 {
				copy(all.logits.Row(i), p.logits.Row(at))
			}
		}
	}
	if lost != nil {
		slices.Sort(lost)
		return all, fmt.Errorf("features: cache %s: %w; say --no-cache", s.dir, lost)
	}
	return all, nil
}

// empty has n rows of zeros, or none where there are no columns.
func empty(n, d int) eval.Features {
	if d == 0 {
		return eval.Features{}
	}
	return eval.Features{N: n, D: d, Data: make([]float32, n*d)}
}

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
