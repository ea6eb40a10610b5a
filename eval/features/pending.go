package features

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/internal/parallel"
)

// picture is one of the set that was read and, where the cache lacks it, decoded.
type picture struct {
	index   int // in the set
	name    string
	content pictures.Content
	rgb     *extractor.RGB // nil where the cache has its features
	err     error
}

// read sends groups of pictures until want of them turned out usable or the order ends. has tells what the cache held before; it is
// asked from several goroutines.
func read(ctx context.Context, items []pictures.Item, order []int, want int, has func(pictures.Hash) bool) <-chan []picture {
	groups := make(chan []picture)
	go func() {
		defer close(groups)
		for want > 0 && len(order) > 0 && ctx.Err() == nil {
			group := make([]picture, min(2*runtime.GOMAXPROCS(0), want, len(order)))
			parallel.For(len(group), func(i int) { group[i] = readPicture(order[i], items[order[i]], has) })
			order = order[len(group):]
			for _, r := range group {
				if r.err == nil {
					want--
				}
			}
			select {
			case groups <- group:
			case <-ctx.Done():
			}
		}
	}()
	return groups
}

func readPicture(index int, item pictures.Item, has func(pictures.Hash) bool) (r picture) {
	r.index, r.name = index, item.Name
	if r.content, r.err = item.Read(); r.err == nil && !has(r.content.Hash) {
		var rgb extractor.RGB
		rgb, r.err = r.content.Decode()
		r.rgb = &rgb
	}
	r.content.Decode = nil // lets its bytes go
	return r
}

// pending holds pictures until they fill whole batches of the extractor, and features until they fill a pack.
type pending struct {
	cache     *extractorCache
	ex        extractor.Extractor
	fresh     map[pictures.Hash]bool // extracted in this call, or waiting
	waiting   []picture
	bytes     int // of the pixels that wait
	extracted int

	pack  pack // not kept yet
	since time.Time
}

// wait takes a picture that the cache lacks, once.
func (p *pending) wait(r picture) {
	if r.rgb == nil || p.fresh[r.content.Hash] {
		return
	}
	p.fresh[r.content.Hash] = true
	p.waiting = append(p.waiting, r)
	p.bytes += len(r.rgb.Pix)
}

// waitingBytes is how many bytes of pixels wait at most for a batch to be full.
const waitingBytes = 256 << 20

// ready is how many of the waiting pictures fill whole batches, or all where they are large.
func (p *pending) ready() int {
	if p.bytes >= waitingBytes {
		return len(p.waiting)
	}
	return len(p.waiting) - len(p.waiting)%max(p.ex.Batch(), 1)
}

func (p *pending) extract(ctx context.Context, n int) error {
	if err := ctx.Err(); n == 0 || err != nil {
		return err
	}
	var batch []extractor.RGB
	for _, r := range p.waiting[:n] {
		batch = append(batch, *r.rgb)
		p.bytes -= len(r.rgb.Pix)
	}
	out, err := p.ex.Extract(ctx, batch)
	if err != nil {
		return err
	}
	if out.Features.N != n || out.Logits.N != 0 && out.Logits.N != n {
		return fmt.Errorf("%s gave %d features and %d logits of %d pictures", p.ex.Name(), out.Features.N, out.Logits.N, n)
	}
	for i, r := range p.waiting[:n] {
		if err := (eval.Features{N: 1, D: out.Features.D, Data: out.Features.Row(i)}).Validate(); err != nil {
			return fmt.Errorf("%s: %s gives no finite features: %w", r.name, p.ex.Name(), err)
		}
	}
	err = p.pack.features.Append(out.Features)
	if err == nil && out.Logits.N > 0 {
		err = p.pack.logits.Append(out.Logits)
	}
	if err != nil {
		return err
	}
	for _, r := range p.waiting[:n] {
		p.pack.hashes = append(p.pack.hashes, r.content.Hash)
	}
	p.waiting = slices.Clone(p.waiting[n:]) // lets the pixels of the others go
	p.extracted += n
	if len(p.pack.hashes) >= packPictures || time.Since(p.since) > packSeconds*time.Second {
		return p.flush()
	}
	return nil
}

func (p *pending) flush() error {
	if err := p.cache.add(p.pack); err != nil {
		return err
	}
	p.pack, p.since = pack{}, time.Now()
	return nil
}
