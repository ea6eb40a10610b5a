package features

import (
	"context"
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
	Strict   bool           // no picture may be broken; else 2 % may
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
	s, err := o.Cache.of(ex.Key())
	if err != nil {
		return c, err
	}
	for _, name := range s.damaged {
		c.Notes = append(c.Notes, fmt.Sprintf("cache: %s is damaged: its pictures are extracted anew", name))
	}
	p := &pending{cache: s, ex: ex, fresh: map[pictures.Hash]bool{}, since: time.Now()}
	defer func() {
		if flushErr := p.flush(); err == nil {
			err = flushErr
		}
	}()

	// Reading is a group ahead, in other goroutines, which see the cache as it was.
	before := maps.Clone(s.rows)
	has := func(h pictures.Hash) bool { _, ok := before[h]; return ok }
	readCtx, stop := context.WithCancel(ctx)
	defer stop()
	var found []picture
	progress := func() {
		if o.Progress != nil {
			o.Progress(len(found) - len(p.waiting))
		}
	}
	for group := range read(readCtx, set.Items, Order(len(set.Items), o), total, has) {
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
			return c, fmt.Errorf("features: %s: %w", set.Name, err)
		}
		progress()
	}
	if err := ctx.Err(); err != nil {
		return c, err
	}
	if err := c.check(len(found), o); err != nil {
		return c, err
	}
	if err := p.extract(ctx, len(p.waiting)); err != nil {
		return c, fmt.Errorf("features: %s: %w", set.Name, err)
	}
	progress()
	c.Extracted, c.Cached = p.extracted, len(found)-p.extracted
	if err := p.flush(); err != nil {
		return c, err
	}
	err = c.gather(set, found, s)
	return c, err
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

// check refuses a set of which too little can be used.
func (c *Collected) check(good int, o Options) error {
	if 0 < good && good < o.N {
		return fmt.Errorf("features: %s: only %d pictures can be used, want n = %d; %d are broken, the first: %w", c.Name, good, o.N, len(c.Faults), c.Faults[0])
	}
	allowed := dataset.Tolerated(good + len(c.Faults))
	if o.Strict {
		allowed = 0
	}
	if err := dataset.CheckFaults(c.Faults, good, allowed); err != nil {
		return fmt.Errorf("features: %s: %w", c.Name, err)
	}
	return nil
}

// gather puts what was found into the order of the set.
func (c *Collected) gather(set pictures.Set, found []picture, cache *extractorCache) error {
	slices.SortFunc(found, func(a, b picture) int { return a.index - b.index })
	seen := map[pictures.Hash]bool{}
	for _, k := range found {
		item := set.Items[k.index]
		c.Hashes, c.Items = append(c.Hashes, k.content.Hash), append(c.Items, k.index)
		c.Names, c.Captions = append(c.Names, item.Name), append(c.Captions, item.Caption)
		c.Facts.add(k.content, seen[k.content.Hash])
		seen[k.content.Hash] = true
	}
	all, err := cache.gather(c.Hashes)
	c.Features, c.Logits = all.features, all.logits
	return err
}
