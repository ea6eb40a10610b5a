package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/parallel"
)

// residentBytes bounds the pictures that a set keeps in memory: 200,000 at 32×32.
const residentBytes = 200_000 * 32 * 32 * 3

// builtin holds the sets that are known by name; it is filled while the package starts.
var builtin = map[string]func(ctx context.Context, size int, say func(format string, args ...any)) (Dataset, error){}

// Names lists the built-in datasets.
func Names() []string { return slices.Sorted(maps.Keys(builtin)) }

// Open opens a set with pictures of size×size: a built-in one, such as scenes, or what List lists.
//
// Every picture is read and decoded once, so that what is broken shows here and not in the middle of a training. Pictures
// that cannot be used are named through warn (which may be nil) and left out; more than 2 % of them, and more than one, are an
// error. A picture of several captions is as many samples of training, and one that is held out; pictures that nothing captions are
// counted and left out.
func (s Spec) Open(ctx context.Context, size int, warn func(format string, args ...any)) (Dataset, error) {
	if err := checkSize(size); err != nil {
		return nil, err
	}
	if warn == nil {
		warn = func(string, ...any) {}
	}
	if open := builtin[s.Name]; open != nil {
		if err := s.CheckColumns(false, s.Name+" has none"); err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		return open(ctx, size, warn)
	}
	name := s.Label()
	if name == "" && !s.OnHub() {
		return nil, fmt.Errorf("dataset: %q has no name for tables and folders, want a folder below it", s.Name)
	}
	l, err := s.List(ctx, false, warn)
	if err == nil {
		err = s.CheckColumns(l.Tables > 0, s.Name+" has none")
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	for _, note := range l.Notes {
		warn("dataset: %s: %s", s.Name, note)
	}
	entries, faults, bare := captioned(l)
	switch {
	case len(entries)+len(faults) == 0:
		return nil, fmt.Errorf("dataset: %s: captions missing: pictures = %d, none captioned, want %s with %s, a .txt beside each picture, WebDataset shards *.tar, or parquet files",
			s.Name, bare, metadataName, metadataLines)
	case bare > 0:
		warn("dataset: %s: %d pictures have no caption and are left out", s.Name, bare)
	}
	for _, ext := range []string{".tar", ".parquet"} {
		name = strings.TrimSuffix(name, ext)
	}
	d, err := load(ctx, entries, faults, name, size, residentBytes, warn)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", s.Name, err)
	}
	return d, nil
}

// entry is a listed picture with one of its captions.
type entry struct {
	Listed
	caption string
	picture int    // its number: captions of one picture share it
	key     string // of the picture's bytes, where its name is only a number; else empty
}

// id is what tells pictures apart.
func (e entry) id() string { return cmp.Or(e.key, e.Name) }

// hash chooses the side of the split, and the order of what is held out.
func (e entry) hash() uint64 {
	sum := sha256.Sum256([]byte("heldout " + e.id()))
	return binary.LittleEndian.Uint64(sum[:])
}

// namedHeldout tells whether a folder, shard or parquet file names the picture as held out.
func (e entry) namedHeldout() bool {
	return slices.ContainsFunc(strings.Split(e.Part, "/"), heldoutPart.MatchString)
}

// captioned makes a sample of every caption; bare counts pictures that nothing captions.
func captioned(l Listing) (entries []entry, faults []Fault, bare int) {
	faults = l.Faults
	for i, p := range l.Pictures {
		for _, caption := range p.Captions {
			entries = append(entries, entry{Listed: p, caption: caption, picture: i})
		}
		switch {
		case len(p.Captions) > 0:
		case p.Uncaptioned != nil:
			faults = append(faults, Fault{p.Name, "without caption", p.Uncaptioned})
		default:
			bare++
		}
	}
	return entries, faults, bare
}

// number numbers the pictures of entries in their order, and gives the first entry of each.
func number(entries []entry) (firsts []int) {
	numbers := map[int]int{}
	for i := range entries {
		e := &entries[i]
		k, seen := numbers[e.picture]
		if !seen {
			k = len(firsts)
			numbers[e.picture] = k
			firsts = append(firsts, i)
		}
		e.picture = k
	}
	return firsts
}

// load reads and decodes all pictures, each once, keeps them if budget bytes suffice, judges what is broken and splits the rest.
func load(ctx context.Context, entries []entry, faults []Fault, name string, size, budget int, warn func(string, ...any)) (*pictures, error) {
	entries = slices.SortedStableFunc(slices.Values(entries), func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.caption, b.caption))
	})
	firsts := number(entries)
	n := size * size * 3
	var pix []uint8
	if len(firsts) <= budget/n {
		pix = make([]uint8, len(firsts)*n)
	} else {
		warn("dataset: %s: %d pictures of %d×%d are more than stay in memory: checking them once, decoding them when asked for",
			name, len(firsts), size, size)
	}

	sums := make([][sha256.Size]byte, len(firsts))
	errs := make([]error, len(firsts))
	parallel.For(len(firsts), func(i int) {
		if errs[i] = ctx.Err(); errs[i] != nil {
			return
		}
		data, err := entries[firsts[i]].Read()
		if err == nil {
			var rgb []uint8
			rgb, err = decodeRGB(data, size)
			if pix != nil {
				copy(pix[i*n:], rgb)
			}
		}
		sums[i], errs[i] = sha256.Sum256(data), err
	})

	if err := ctx.Err(); err != nil {
		return nil, err
	}

	// Close ranks over the pictures that failed.
	kept := 0
	for i, first := range firsts {
		if err := errs[i]; err != nil {
			faults = append(faults, Fault{entries[first].Name, Broken, err})
			continue
		}
		if pix != nil {
			copy(pix[kept*n:(kept+1)*n], pix[i*n:])
		}
		sums[kept] = sums[i]
		kept++
	}
	entries = slices.DeleteFunc(entries, func(e entry) bool { return errs[e.picture] != nil })
	number(entries)
	for i := range entries {
		e := &entries[i]
		if e.ByContent {
			e.key = fmt.Sprintf("%x", sums[e.picture])
		}
		if pix != nil {
			e.Read = nil
		}
	}
	if pix != nil {
		pix = pix[:kept*n]
	}
	if err := CheckFaults(faults, kept, max(1, Tolerated(len(faults)+kept))); err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		for _, f := range sortedFaults(faults)[:min(10, len(faults))] {
			warn("dataset: %s: skipped %v", name, f)
		}
		warn("dataset: %s: %s", name, countFaults(faults, kept))
	}

	p := &pictures{name: name, size: size, entries: entries, pix: pix}
	heldout, named, err := split(entries)
	if err != nil {
		return nil, err
	}
	if !named && slices.ContainsFunc(entries, entry.namedHeldout) {
		warn("dataset: %s: everything is named as held out: splitting by hash of the name instead", name)
	}
	// The encoded files are hashed, not the pixels, so that machines that round differently agree.
	h := sha256.New()
	fmt.Fprintf(h, "addlab dataset 2, size %d\n", size)
	p.train.of, p.heldout.of = p, p
	for i, e := range entries {
		fmt.Fprintf(h, "%q %q %x %t\n", e.Name, e.caption, sums[e.picture], heldout[i])
		side := &p.train
		if heldout[i] {
			side = &p.heldout
		}
		side.index = append(side.index, int32(i))
	}
	// Held-out pictures come by hash, so that any first of a sorted set are a fair part of it. Each comes once: copies would be one
	// another's nearest neighbours.
	slices.SortStableFunc(p.heldout.index, func(a, b int32) int { return cmp.Compare(entries[a].hash(), entries[b].hash()) })
	p.heldout.index = slices.CompactFunc(p.heldout.index, func(a, b int32) bool { return entries[a].id() == entries[b].id() })
	p.hash = fmt.Sprintf("%x", h.Sum(nil))[:16]
	return p, nil
}
