package features

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/internal/rng"
)

// Options say how pictures are brought before an extractor.
type Options struct {
	Cache    *Cache
	N        int // pictures wanted, chosen by Seed; 0 for all
	Seed     int64
	Strict   bool           // no picture may be unusable; else 2 % of the listing and of those that are tried may
	Progress func(done int) // pictures of which the features are known
}

// Collected is what an extractor saw of a set.
type Collected struct {
	Name     string
	Features eval.Features   // [n,d]
	Logits   eval.Features   // [n,classes]; empty where the network has none
	Hashes   []pictures.Hash // of the pictures, in order
	Items    []int           // their places in the set
	Names    []string
	Captions []string
	Facts    Facts
	Faults   []dataset.Fault // pictures that could not be used
	Notes    []string        // what else the user may want to know

	Extracted, Cached int
}

// Pictures per pack of the cache, and the longest time of work that an interruption may lose.
const (
	packPictures = 1024
	packSeconds  = 60
)

// Collect gives the features of the pictures of a set in the order of their names: from the cache what is there, the rest from the
// extractor. What was extracted is kept also where it ends with an error or an interruption.
func Collect(ctx context.Context, set pictures.Set, ex extractor.Extractor, o Options) (c Collected, err error) {
	total := len(set.Items)
	if o.N > 0 {
		total = o.N
	}
	c.Name, c.Faults, c.Notes = set.Name, slices.Clone(set.Faults), slices.Clone(set.Notes)
	if o.N > len(set.Items) {
		return c, fmt.Errorf("features: %s holds %d pictures, want n = %d", set.Name, len(set.Items), o.N)
	}
	if err := c.judge(set.Faults, len(set.Items), o); err != nil {
		return c, err
	}
	s, err := o.Cache.of(ex.Key())
	if err != nil {
		return c, err
	}
	c.note(s.lost)
	p := &pending{cache: s, ex: ex, fresh: map[pictures.Hash]bool{}, since: time.Now()}
	defer func() {
		if flushErr := p.flush(); err == nil {
			err = flushErr
		}
	}()

	var found []picture
	order := Order(len(set.Items), o)
	for repaired := false; ; repaired = true {
		if found, err = c.take(ctx, set, order, total, found, p, o); err != nil {
			return c, err
		}
		c.Extracted, c.Cached = p.extracted, len(found)-p.extracted
		err = c.gather(set, found, s)
		lost := lostPacks(nil)
		if repaired || !errors.As(err, &lost) {
			return c, err
		}
		c.note(lost)
		found, order = s.kept(found)
		clear(p.fresh)
	}
}

// take adds pictures to found, in this order, until it has total, and extracts those that the cache lacks.
func (c *Collected) take(ctx context.Context, set pictures.Set, order []int, total int, found []picture, p *pending, o Options) ([]picture, error) {
	// Reading is a group ahead, in other goroutines, which see the cache as it was.
	before := maps.Clone(p.cache.rows)
	has := func(h pictures.Hash) bool { _, ok := before[h]; return ok }
	readCtx, stop := context.WithCancel(ctx)
	defer stop()
	progress := func() {
		if o.Progress != nil {
			o.Progress(len(found) - len(p.waiting))
		}
	}
	for group := range read(readCtx, set.Items, order, total-len(found), has) {
		for _, r := range group {
			if r.err != nil {
				c.Faults = append(c.Faults, dataset.Fault{Name: r.name, Kind: dataset.Broken, Err: r.err})
				continue
			}
			p.wait(r)
			r.rgb = nil // lets its pixels go
			found = append(found, r)
		}
		if err := p.extract(ctx, p.ready()); err != nil {
			return found, fmt.Errorf("features: %s: %w", set.Name, err)
		}
		progress()
	}
	if err := ctx.Err(); err != nil {
		return found, err
	}
	if err := c.check(len(found), len(set.Faults), o); err != nil {
		return found, err
	}
	if err := p.extract(ctx, len(p.waiting)); err != nil {
		return found, fmt.Errorf("features: %s: %w", set.Name, err)
	}
	progress()
	return found, p.flush()
}

// note says of which packs the pictures are extracted anew.
func (c *Collected) note(lost lostPacks) {
	for _, name := range lost {
		c.Notes = append(c.Notes, fmt.Sprintf("cache: %s is damaged: its pictures are extracted anew", name))
	}
}

// kept are the pictures that the cache has still; the others' places in the set are to be taken again.
func (s *extractorCache) kept(found []picture) (kept []picture, again []int) {
	for _, r := range found {
		if _, ok := s.rows[r.content.Hash]; ok {
			kept = append(kept, r)
		} else {
			again = append(again, r.index)
		}
	}
	return kept, again
}

// Order is the order in which Collect tries the n items of a set: that of the names, or a random one where only some are wanted.
func Order(n int, o Options) []int {
	if o.N > 0 && o.N < n {
		return rng.New(o.Seed, "measure/choose", 0).Perm(n)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// check refuses a set of which too little can be used. Of a whole set all faults count; of chosen pictures those among the tried ones, for
// the faults of the listing, which come first, were judged against the listing.
func (c *Collected) check(good, listed int, o Options) error {
	if 0 < good && good < o.N {
		return fmt.Errorf("features: %s: only %d pictures can be used, want n = %d; %d are broken, the first: %w", c.Name, good, o.N, len(c.Faults), c.Faults[0])
	}
	if o.N > 0 {
		return c.judge(c.Faults[listed:], good, o)
	}
	return c.judge(c.Faults, good, o)
}

func (c *Collected) judge(faults []dataset.Fault, good int, o Options) error {
	allowed := dataset.Tolerated(good + len(faults))
	if o.Strict {
		allowed = 0
	}
	if err := dataset.CheckFaults(faults, good, allowed); err != nil {
		return fmt.Errorf("features: %s: %w", c.Name, err)
	}
	return nil
}

// gather puts what was found into the order of the set.
func (c *Collected) gather(set pictures.Set, found []picture, cache *extractorCache) error {
	slices.SortFunc(found, func(a, b picture) int { return a.index - b.index })
	var hashes []pictures.Hash
	for _, k := range found {
		hashes = append(hashes, k.content.Hash)
	}
	all, err := cache.gather(hashes)
	if err != nil {
		return err
	}
	c.Features, c.Logits, c.Hashes = all.features, all.logits, hashes
	seen := map[pictures.Hash]bool{}
	for _, k := range found {
		item := set.Items[k.index]
		c.Items, c.Names, c.Captions = append(c.Items, k.index), append(c.Names, item.Name), append(c.Captions, item.Caption)
		c.Facts.add(k.content, seen[k.content.Hash])
		seen[k.content.Hash] = true
	}
	return nil
}
