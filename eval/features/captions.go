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
	s, err := c.of(ex.Key() + " captions")
	if err != nil {
		return eval.Features{}, err
	}
	var missing []string
	var keys, hashes []pictures.Hash // of the missing ones, and of all
	asked := map[pictures.Hash]bool{}
	for _, caption := range captions {
		h := pictures.NewHash("caption", caption)
		hashes = append(hashes, h)
		if _, ok := s.rows[h]; !ok && !asked[h] {
			asked[h] = true
			missing, keys = append(missing, caption), append(keys, h)
		}
	}
	for start := 0; start < len(missing); start += packPictures {
		end := min(start+packPictures, len(missing))
		embedded, err := ex.Captions(ctx, missing[start:end])
		if err != nil {
			return eval.Features{}, err
		}
		if embedded.N != end-start {
			return eval.Features{}, fmt.Errorf("features: %s gave %d embeddings of %d captions", ex.Name(), embedded.N, end-start)
		}
		if err := embedded.Validate(); err != nil {
			return eval.Features{}, fmt.Errorf("features: captions: %w", err)
		}
		if err := s.add(keys[start:end], pack{features: embedded}); err != nil {
			return eval.Features{}, err
		}
	}
	all, err := s.gather(hashes)
	return all.features, err
}
