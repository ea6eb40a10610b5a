package protocol

import (
	"context"

	"github.com/addlab/addlab/eval"
)

// Embeddings is what the evaluation networks see in pictures and their captions, a row for each.
type Embeddings struct {
	Features    eval.Features // [n,D], for FID
	Image, Text eval.Features // [n,P], for the CLIP score
}

// Embed shows pictures [n,S,S,3] and their captions to the evaluation networks.
func (j *Judge) Embed(ctx context.Context, images []float32, captions []string) (Embeddings, error) {
	seen, err := j.look(ctx, images, captions)
	return Embeddings{Features: seen.features, Image: seen.image, Text: seen.text}, err
}
