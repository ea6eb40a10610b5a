package features

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
)

// pending holds pictures until they fill whole batches of the extractor, and features until they fill a pack.
type pending struct {
	cache     *extractorCache
	ex        extractor.Extractor
	fresh     map[pictures.Hash]bool // extracted in this call, or waiting
	waiting   []miss
	extracted int

	hashes []pictures.Hash
	pack   pack
	since  time.Time
}

// add runs the extractor over pictures that the cache lacks, whole batches of them: the rest waits, unless it is large.
func (p *pending) add(ctx context.Context, misses []miss) error {
	for _, m := range misses {
		if p.fresh[m.hash] { // the same picture stood in an earlier window, or before in this one
			continue
		}
		p.fresh[m.hash] = true
		p.waiting = append(p.waiting, m)
	}
	bytes := 0
	for _, m := range p.waiting {
		bytes += len(m.rgb.Pix)
	}
	if bytes >= windowBytes {
		return p.extract(ctx, len(p.waiting))
	}
	return p.extract(ctx, len(p.waiting)-len(p.waiting)%max(p.ex.Batch(), 1))
}

// extract runs the extractor over the first n pictures that wait.
func (p *pending) extract(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	var batch []extractor.RGB
	var hashes []pictures.Hash
	var names []string
	for _, m := range p.waiting[:n] {
		batch, hashes, names = append(batch, m.rgb), append(hashes, m.hash), append(names, m.name)
	}
	p.waiting = slices.Clone(p.waiting[n:]) // lets the pixels of the others go
	out, err := p.ex.Extract(ctx, batch)
	if err != nil {
		return err
	}
	if out.Features.N != len(batch) || out.Logits.N != 0 && out.Logits.N != len(batch) {
		return fmt.Errorf("%s gave %d features and %d logits of %d pictures", p.ex.Name(), out.Features.N, out.Logits.N, len(batch))
	}
	for i, name := range names {
		if err := (eval.Features{N: 1, D: out.Features.D, Data: out.Features.Row(i)}).Validate(); err != nil {
			return fmt.Errorf("%s: %s gives no finite features: %w", name, p.ex.Name(), err)
		}
	}
	for _, add := range []struct{ to, from *eval.Features }{{&p.pack.features, &out.Features}, {&p.pack.logits, &out.Logits}} {
		if add.from.N == 0 {
			continue
		}
		if err := add.to.Append(*add.from); err != nil {
			return err
		}
	}
	p.hashes = append(p.hashes, hashes...)
	p.extracted += len(batch)
	if len(p.hashes) >= packPictures || time.Since(p.since) > packSeconds*time.Second {
		return p.flush()
	}
	return nil
}

// flush hands what is pending to the cache as a pack.
func (p *pending) flush() error {
	if err := p.cache.add(p.hashes, p.pack); err != nil {
		return err
	}
	p.hashes, p.pack, p.since = nil, pack{}, time.Now()
	return nil
}
