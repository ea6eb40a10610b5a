package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/extractor"
	"github.com/addlab/addlab/pictures"
)

// pending holds features until they fill a pack. Without a cache they stay here.
type pending struct {
	shelf     *shelf
	ex        extractor.Extractor
	fresh     map[pictures.Hash]bool // extracted in this call
	extracted int

	hashes           []pictures.Hash
	features, logits eval.Features
	since            time.Time
}

// inMemory is the name of the pack of a call without a cache.
const inMemory = ""

// extract runs the extractor over pictures that the cache lacks.
func (p *pending) extract(ctx context.Context, misses []miss) error {
	var batch []extractor.RGB
	var hashes []pictures.Hash
	var names []string
	for _, m := range misses {
		if p.fresh[m.hash] { // the same picture stood in an earlier window, or before in this one
			continue
		}
		p.fresh[m.hash] = true
		batch, hashes, names = append(batch, m.rgb), append(hashes, m.hash), append(names, m.name)
	}
	if len(batch) == 0 {
		return nil
	}
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
	for _, add := range []struct{ to, from *eval.Features }{{&p.features, &out.Features}, {&p.logits, &out.Logits}} {
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

// flush writes what is pending as a pack.
func (p *pending) flush() error {
	if p.shelf.dir == "" {
		for i, h := range p.hashes {
			p.shelf.rows[h] = row{inMemory, i}
		}
		return nil
	}
	if err := p.shelf.add(p.hashes, p.features, p.logits); err != nil {
		return err
	}
	p.hashes, p.features, p.logits, p.since = nil, eval.Features{}, eval.Features{}, time.Now()
	return nil
}

// pack gives the features of a pack, or of those in memory.
func (p *pending) pack(name string) (features, logits eval.Features, err error) {
	if name == inMemory {
		return p.features, p.logits, nil
	}
	return p.shelf.pack(name)
}
