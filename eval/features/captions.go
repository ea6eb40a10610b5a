package features

import (
	"context"
	"fmt"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
)

// Captions gives the embedding of every caption, [n,d], each caption embedded once in all calls with the same cache.
func Captions(ctx context.Context, captions []string, ex extractor.Captioner, c *Cache) (eval.Features, error) {
	s, err := c.of(ex.Key()+" captions", ex.Name())
	if err != nil {
		return eval.Features{}, err
	}
	var missing []string
	hashes := make([]pictures.Hash, len(captions))
	asked := map[pictures.Hash]bool{}
	for i, caption := range captions {
		hashes[i] = pictures.NewHash("caption", caption)
		if _, ok := s.rows[hashes[i]]; !ok && !asked[hashes[i]] {
			asked[hashes[i]] = true
			missing = append(missing, caption)
		}
	}

	packs := map[string]eval.Features{}
	for start := 0; start < len(missing); start += packPictures {
		batch := missing[start:min(start+packPictures, len(missing))]
		embedded, err := ex.Captions(ctx, batch)
		if err != nil {
			return eval.Features{}, err
		}
		if embedded.N != len(batch) {
			return eval.Features{}, fmt.Errorf("features: %s gave %d embeddings of %d captions", ex.Name(), embedded.N, len(batch))
		}
		if err := embedded.Validate(); err != nil {
			return eval.Features{}, fmt.Errorf("features: captions: %w", err)
		}
		var keys []pictures.Hash
		for _, caption := range batch {
			keys = append(keys, pictures.NewHash("caption", caption))
		}
		if s.dir == "" {
			name := fmt.Sprint(start)
			packs[name] = embedded
			for i, h := range keys {
				s.rows[h] = row{name, i}
			}
			continue
		}
		if err := s.add(keys, embedded, eval.Features{}); err != nil {
			return eval.Features{}, err
		}
	}

	var all eval.Features
	for _, h := range hashes {
		r := s.rows[h]
		if _, ok := packs[r.pack]; !ok {
			if packs[r.pack], _, err = s.pack(r.pack); err != nil {
				return all, fmt.Errorf("features: cache: %w; remove the file, or say --no-cache", err)
			}
		}
		p := packs[r.pack]
		if r.at >= p.N {
			return all, fmt.Errorf("features: cache: %s in %s ends before row %d; remove the file", r.pack, s.dir, r.at)
		}
		if err := all.Append(eval.Features{N: 1, D: p.D, Data: p.Row(r.at)}); err != nil {
			return all, err
		}
	}
	return all, nil
}
