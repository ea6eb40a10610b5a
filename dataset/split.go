package dataset

import (
	"fmt"
	"regexp"
)

// heldoutEvery n-th picture, by hash, is held out of training where the set names no split.
const heldoutEvery = 10

// heldoutPart fits folders and shards that the set itself holds out: test, val, test-00000, validation_3 …
var heldoutPart = regexp.MustCompile(`(?i)^(test|val|valid|validation|heldout)([-_.0-9][^/]*)?$`)

// split says for each entry whether it is held out, and whether the set itself said so.
//
// A set that names both sides (train/ and test/, train-00000.tar and test-00000.tar) is split as named. Any other set
// holds out every tenth picture by the hash of its name, so that the split survives reordering, new pictures and other
// captions of one picture. Rows of parquet files have no names of their own, and go by the picture's bytes. Near-duplicates under different names, such as an emoji in five skin tones, may still fall on
// both sides: such a held-out half measures fit to the set, hardly generalisation.
func split(entries []entry) (heldout []bool, named bool, err error) {
	heldout = make([]bool, len(entries))
	held := 0
	for i, e := range entries {
		if e.namedHeldout() {
			heldout[i] = true
			held++
		}
	}
	if held > 0 && held < len(entries) {
		return heldout, true, nil
	}

	// The lowest hash is always held out and the highest never, so that neither side is empty.
	var lowest, highest int
	hashes := make([]uint64, len(entries))
	for i, e := range entries {
		hashes[i] = e.hash()
		if hashes[i] < hashes[lowest] {
			lowest = i
		}
		if hashes[i] > hashes[highest] {
			highest = i
		}
	}
	if len(entries) == 0 || hashes[lowest] == hashes[highest] {
		return nil, false, fmt.Errorf("usable pictures = %d, want ≥ 2 of different names", min(1, len(entries)))
	}
	for i, h := range hashes {
		heldout[i] = h == hashes[lowest] || h%heldoutEvery == 0 && h != hashes[highest]
	}
	return heldout, false, nil
}

// pictures is a set of listed pictures, in order of name and caption.
type pictures struct {
	name, hash     string
	size           int
	entries        []entry
	pix            []uint8 // [n,size,size,3] for n pictures; nil for large sets, whose pictures are decoded when asked for
	train, heldout part
}

// part is one side of the split. Training is in the order of entries, what is held out in that of hashes.
type part struct {
	of    *pictures
	index []int32
}

var (
	_ Dataset   = (*pictures)(nil)
	_ Captioned = part{}
)

func (p *pictures) Name() string    { return p.name }
func (p *pictures) Hash() string    { return p.hash }
func (p *pictures) Train() Source   { return p.train }
func (p *pictures) Heldout() Source { return p.heldout }

func (s part) Len() int { return len(s.index) }

// at is the entry of sample i.
func (s part) at(i int) (int, error) {
	if i < 0 || i >= len(s.index) {
		return 0, fmt.Errorf("dataset: %s: sample = %d, want 0 … %d", s.of.name, i, len(s.index)-1)
	}
	return int(s.index[i]), nil
}

func (s part) Caption(i int) (string, error) {
	j, err := s.at(i)
	if err != nil {
		return "", err
	}
	return s.of.entries[j].caption, nil
}

func (s part) Sample(i int) (Sample, error) {
	j, err := s.at(i)
	if err != nil {
		return Sample{}, err
	}
	e := s.of.entries[j]
	rgb, err := s.of.rgb(j)
	if err != nil {
		return Sample{}, fmt.Errorf("dataset: %s: %s: %w", s.of.name, e.Name, err)
	}
	return Sample{Image: toImage(rgb, s.of.size), Caption: e.caption}, nil
}

// rgb returns the bytes of entry j's picture, [size,size,3]; callers only read them.
func (p *pictures) rgb(j int) ([]uint8, error) {
	if p.pix != nil {
		n := p.size * p.size * 3
		k := p.entries[j].picture
		return p.pix[k*n : (k+1)*n], nil
	}
	data, err := p.entries[j].Read()
	if err != nil {
		return nil, err
	}
	return decodeRGB(data, p.size)
}
