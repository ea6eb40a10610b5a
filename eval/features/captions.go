package features

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
)

// Captions gives the embedding of every caption, [n,d], each caption embedded once in all calls with the same cache.
func Captions(ctx context.Context, captions []string, ex extractor.Captioner, c *Cache) (eval.Features, error) {
	s, err := c.of(ex.Key() + " captions")
	if err != nil {
		return eval.Features{}, err
	}
	all, err := embed(ctx, captions, ex, s)
	if lost := lostPacks(nil); errors.As(err, &lost) {
		all, err = embed(ctx, captions, ex, s)
	}
	return all.features, err
}

// embed embeds the captions that the cache lacks and gathers all.
func embed(ctx context.Context, captions []string, ex extractor.Captioner, s *extractorCache) (pack, error) {
	var missing []string
	var hashes []pictures.Hash
	asked := map[pictures.Hash]bool{}
	for _, caption := range captions {
		h := captionHash(caption)
		hashes = append(hashes, h)
		if _, ok := s.rows[h]; !ok && !asked[h] {
			asked[h] = true
			missing = append(missing, caption)
		}
	}
	for part := range slices.Chunk(missing, packPictures) {
		embedded, err := ex.Captions(ctx, part)
		if err != nil {
			return pack{}, err
		}
		if embedded.N != len(part) {
			return pack{}, fmt.Errorf("features: %s gave %d embeddings of %d captions", ex.Name(), embedded.N, len(part))
		}
		p := pack{features: embedded}
		for _, caption := range part {
			p.hashes = append(p.hashes, captionHash(caption))
		}
		if err := s.add(p); err != nil {
			return pack{}, err
		}
	}
	return s.gather(hashes)
}

func captionHash(caption string) pictures.Hash { return pictures.NewHash("caption", caption) }
