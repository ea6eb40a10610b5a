package protocol

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
)

// ErrNotNumbers says that pictures have values that are not numbers, which no network can score.
var ErrNotNumbers = errors.New("not a number")

// Embeddings is what the evaluation networks see in pictures and their captions, a row for each.
type Embeddings struct {
	Features    eval.Features // [n,D], for FID
	Classes     []int32       // [n,A], attributes that the classifier sees; nil where there is none
	Image, Text eval.Features // [n,P], for the CLIP score; empty without a pair
}

// Embed runs the evaluation networks over pictures [n,S,S,3] and their captions.
func (e *Evaluator) Embed(ctx context.Context, images []float32, captions []string) (Embeddings, error) {
	return e.embedBy(ctx, e.extractors.Features, 0, images, captions)
}

// embedBy embeds pictures; first is the number of the first of them, for errors.
func (e *Evaluator) embedBy(ctx context.Context, features extractor.Extractor, first int, images []float32, captions []string) (out Embeddings, err error) {
	area := len(images) / max(len(captions), 1)
	if i := slices.IndexFunc(images, func(v float32) bool { return v != v }); i >= 0 {
		return out, fmt.Errorf("protocol: picture %d: %w", first+i/area, ErrNotNumbers)
	}
	pair := e.extractors.Pair
	if pair != nil {
		if out.Text, err = pair.Captions(ctx, captions); err != nil {
			return out, err
		}
		seen, err := e.extract(ctx, pair, images)
		if err != nil {
			return out, err
		}
		out.Image, out.Features = seen.Features, seen.Features
	}
	if features != extractor.Extractor(pair) {
		seen, err := e.extract(ctx, features, images)
		if err != nil {
			return out, err
		}
		out.Features, out.Classes = seen.Features, seen.Classes
	}
	return out, nil
}

// extract gives an extractor the drawn pictures, rounded to 8 bits if it takes files only.
func (e *Evaluator) extract(ctx context.Context, x extractor.Extractor, images []float32) (extractor.Output, error) {
	if drawn, ok := x.(extractor.Drawn); ok {
		return drawn.ExtractDrawn(ctx, images)
	}
	size := e.Model.Size()
	var rounded []extractor.RGB
	for pix := range slices.Chunk(images, size*size*3) {
		rounded = append(rounded, pictures.EightBits(pix, size))
	}
	return x.Extract(ctx, rounded)
}

// embedReal embeds real pictures with their captions.
func (e *Evaluator) embedReal(ctx context.Context, set captionSet, r reals) (out scoredSet, err error) {
	out.Prompts, err = e.read(r, func(part Prompts) error {
		seen, err := e.embedBy(ctx, set.features, out.Features.N, part.Images, part.Captions)
		out.add(seen)
		return err
	})
	return out, err
}

// add puts further rows below.
func (s *Embeddings) add(more Embeddings) {
	for _, f := range []struct{ to, from *eval.Features }{{&s.Features, &more.Features}, {&s.Image, &more.Image}, {&s.Text, &more.Text}} {
		f.to.N, f.to.D, f.to.Data = f.to.N+f.from.N, f.from.D, append(f.to.Data, f.from.Data...)
	}
	s.Classes = append(s.Classes, more.Classes...)
}
