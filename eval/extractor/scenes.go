package extractor

import (
	"context"
	"fmt"
	"image"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
)

// B batch, S side of the pictures, D width of the features.

// Scenes are the features that the ablations' FID is taken on: those of the shipped classifier, or for a bundle without one those of its
// picture-caption pair. Its logits are those of shape and colour of the first object, taken together.
var Scenes = register(Kind{
	Name:  "scenes",
	About: "this project's small classifier, for pictures of its built-in world; weights: a folder that pretrain wrote",
	Open: func(ctx context.Context, o Options) (Extractor, error) {
		s, err := openSmall(ctx, o, "classifier")
		if err != nil {
			return nil, err
		}
		return s, nil
	},
})

// ScenesPair embeds pictures and captions in one space, for the CLIP score of the ablations.
var ScenesPair = register(Kind{
	Name: "scenes-pair", Captions: true,
	About: "this project's small pair of picture and caption encoder; weights: a folder that pretrain wrote",
	Open: func(ctx context.Context, o Options) (Extractor, error) {
		s, err := openSmall(ctx, o, "pair")
		if err != nil {
			return nil, err
		}
		return &smallPair{s}, nil
	},
})

// smallVersion changes when the same weights give other features.
const smallVersion = "1"

const smallBatch = 100

// small runs a network of a bundle. All calls have the same batch: the last one is filled up.
type small struct {
	part          string
	bundle        *pretrain.Bundle
	batch         int
	store         *model.Store
	look, caption *model.Exec // caption is nil but for the pair
}

func openSmall(ctx context.Context, o Options, part string) (*small, error) {
	dir := o.Weights
	if dir == "" {
		dir = pretrain.DefaultDir("scenes", "cpu")
	}
	b, err := pretrain.LoadBundle(dir)
	if err != nil {
		return nil, err
	}
	if part == "classifier" && !b.Has(part) {
		part = "pair"
	}
	s := &small{part: part, bundle: b, batch: o.Batch, store: model.NewStore()}
	if s.batch < 1 {
		s.batch = smallBatch
	}
	backend, err := o.Engine(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.Into(backend, s.store, part); err != nil {
		return nil, err
	}
	nets := b.Config.Networks
	pair := pretrain.Pair{Text: nets.PairText, Image: nets.PairImage}
	if part == "classifier" {
		s.look, err = model.NewExec(backend, s.store, func(root *model.Scope, images *Node) []*Node {
			c := pretrain.Classifier{Net: nets.Classifier}
			features := c.Features(root.At("%s", part), images)
			return []*Node{features, firstObject(c.Logits(root.At("%s", part), features))}
		})
	} else {
		// One side of the pair takes no notice of the other, which is given something small.
		s.look, err = model.NewExec(backend, s.store, func(root *model.Scope, images *Node) []*Node {
			none := Zeros(images.Graph(), shapes.Make(dtypes.Int32, 1, b.PairWords.Context))
			_, image := pair.Embed(root.At("%s", part), none, images)
			return []*Node{image}
		})
	}
	if err != nil {
		return nil, fmt.Errorf("extractor: %w", err)
	}
	if part == "pair" {
		s.caption, err = model.NewExec(backend, s.store, func(root *model.Scope, ids *Node) *Node {
			none := Zeros(ids.Graph(), shapes.Make(dtypes.Float32, 1, b.Config.Size, b.Config.Size, 3))
			text, _ := pair.Embed(root.At("%s", part), ids, none)
			return text
		})
		if err != nil {
			return nil, fmt.Errorf("extractor: %w", err)
		}
	}
	return s, nil
}

// firstObject is the logits of every pair of shape and colour, [B,shapes·colours]: their softmax is the product of both.
func firstObject(logits []*Node) *Node {
	shape := logits[slices.Index(dataset.AttributeNames, "first shape")]
	color := logits[slices.Index(dataset.AttributeNames, "first color")]
	both := Add(InsertAxes(shape, 2), InsertAxes(color, 1)) // [B,shapes,colours]
	return Reshape(both, shape.Shape().Dim(0), -1)
}

func (s *small) Name() string {
	size := s.bundle.Config.Size
	return fmt.Sprintf("%s of %s, centre square at %d×%d", s.part, filepath.Base(filepath.Clean(s.bundle.Dir)), size, size)
}

func (s *small) Key() string {
	return fmt.Sprintf("small v%s %s %s size %d", smallVersion, s.part, s.bundle.Files[s.part], s.bundle.Config.Size)
}

func (s *small) Dim() int {
	if s.part == "classifier" {
		return s.bundle.Config.Networks.Classifier.Out
	}
	return s.bundle.Config.Networks.PairImage.Out
}

func (s *small) Batch() int { return s.batch }

func (s *small) Close() {
	s.look.Finalize()
	if s.caption != nil {
		s.caption.Finalize()
	}
	s.store.Finalize()
}

func (s *small) Extract(ctx context.Context, pictures []RGB) (out Output, err error) {
	size := s.bundle.Config.Size
	area := size * size * 3
	for start := 0; start < len(pictures); start += s.batch {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		batch := pictures[start:min(start+s.batch, len(pictures))]
		pixels := make([]float32, s.batch*area)
		for i, p := range batch {
			fitted, err := dataset.Fit(p.image(), size)
			if err != nil {
				return out, fmt.Errorf("extractor: %w", err)
			}
			copy(pixels[i*area:], fitted.Pix)
		}
		input := train.F32(pixels, s.batch, size, size, 3)
		seen, err := s.look.Call(input)
		engine.Release(input)
		if err != nil {
			return out, fmt.Errorf("extractor: %w", err)
		}
		for i, to := range []*eval.Features{&out.Features, &out.Logits}[:len(seen)] {
			if err := to.Append(firstRows(seen[i], len(batch))); err != nil {
				return out, fmt.Errorf("extractor: %s: %w", s.Name(), err)
			}
		}
		engine.Release(seen...)
	}
	return out, nil
}

// smallPair is a small network that reads captions too.
type smallPair struct{ *small }

var _ Captioner = (*smallPair)(nil)

func (s *smallPair) Captions(ctx context.Context, captions []string) (all eval.Features, err error) {
	words := s.bundle.PairWords
	for start := 0; start < len(captions); start += s.batch {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		texts := make([]string, s.batch)
		count := copy(texts, captions[start:])
		ids := train.I32(words.EncodeAll(texts), s.batch, words.Context)
		seen, err := s.caption.Call(ids)
		engine.Release(ids)
		if err != nil {
			return all, fmt.Errorf("extractor: %w", err)
		}
		if err := all.Append(firstRows(seen[0], count)); err != nil {
			return all, fmt.Errorf("extractor: %s: %w", s.Name(), err)
		}
		engine.Release(seen...)
	}
	return all, nil
}

// firstRows copies n rows of a [B,D] tensor.
func firstRows(t *tensors.Tensor, n int) eval.Features {
	d := t.Shape().Dim(1)
	return eval.Features{N: n, D: d, Data: tensors.MustCopyFlatData[float32](t)[:n*d]}
}

// image gives the picture to package image, sharing nothing.
func (p RGB) image() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i := range p.Width * p.Height {
		copy(m.Pix[4*i:], p.Pix[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}
