package extractor

import (
	"context"
	"fmt"
	"image"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
)

// B batch, S side of the pictures, D width of the features, A attributes.

// Scenes are the features of the ablations' FID: those of the shipped classifier, or for a bundle without one those of its
// picture-caption pair. Its logits are those of shape and colour of the first object, taken together.
var Scenes = register(Kind{
	Name:  "scenes",
	About: "this project's small classifier, for pictures of its built-in world; weights: a folder that pretrain wrote",
	Open: func(ctx context.Context, o Options) (Extractor, error) {
		b, backend, err := openBundle(ctx, o)
		if err != nil {
			return nil, err
		}
		if !b.Has("classifier") {
			return opened(Pair(backend, b, o.Batch))
		}
		return opened(Classifier(backend, b, o.Batch))
	},
})

// ScenesStage are features that show how a picture is drawn: noise, blur, checkerboards and pale colours, which the classifier's last
// layer hardly tells (see TestFaultsRaiseTheDrawingFID).
var ScenesStage = register(Kind{
	Name:  "scenes-stage2",
	About: "mean and deviation over positions of this project's small classifier's second stage; weights: a folder that pretrain wrote",
	Open: func(ctx context.Context, o Options) (Extractor, error) {
		b, backend, err := openBundle(ctx, o)
		if err != nil {
			return nil, err
		}
		if !b.Has("classifier") {
			return nil, fmt.Errorf("extractor: %s holds no classifier", b.Dir)
		}
		return opened(Stage(backend, b, o.Batch))
	},
})

// ScenesPair embeds pictures and captions in one space, for the CLIP score of the ablations.
var ScenesPair = register(Kind{
	Name: "scenes-pair", Captions: true,
	About: "this project's small pair of picture and caption encoder; weights: a folder that pretrain wrote",
	Open: func(ctx context.Context, o Options) (Extractor, error) {
		b, backend, err := openBundle(ctx, o)
		if err != nil {
			return nil, err
		}
		return opened(Pair(backend, b, o.Batch))
	},
})

func openBundle(ctx context.Context, o Options) (*pretrain.Bundle, compute.Backend, error) {
	dir := o.Weights
	if dir == "" {
		dir = pretrain.DefaultDir("scenes", "cpu")
	}
	b, err := pretrain.LoadBundle(dir)
	if err != nil {
		return nil, nil, err
	}
	backend, err := o.Engine(ctx)
	return b, backend, err
}

// smallVersion changes when the same weights give other features.
const smallVersion = "1"

const smallBatch = 100

// small runs a network of a bundle.
type small struct {
	part   string
	output string // "" for the last layer
	dim    int
	bundle *pretrain.Bundle
	store  *model.Store
	images *batches // [B,S,S,3] → features, and of the classifier logits and classes
}

var _ Drawn = (*small)(nil)

func newSmall(backend compute.Backend, b *pretrain.Bundle, part string, dim, batch int, images func(scope *model.Scope, x *Node) []*Node) (*small, error) {
	if batch < 1 {
		batch = smallBatch
	}
	s := &small{part: part, dim: dim, bundle: b, store: model.NewStore()}
	if err := b.Into(backend, s.store, part); err != nil {
		return nil, err
	}
	var err error
	s.images, err = s.batches(backend, batch, images)
	return s, err
}

// batches compiles a graph over the network. All its calls have the same batch: the last one is filled up.
func (s *small) batches(backend compute.Backend, batch int, graph func(scope *model.Scope, x *Node) []*Node) (*batches, error) {
	b, err := newBatches(backend, s.store, batch, func(root *model.Scope, x *Node) []*Node { return graph(root.At("%s", s.part), x) })
	if err == nil {
		b.full = true
	}
	return b, err
}

// Classifier is the extractor of a bundle's classifier of attributes. batch < 1 is the default.
func Classifier(backend compute.Backend, b *pretrain.Bundle, batch int) (Extractor, error) {
	c := pretrain.Classifier{Net: b.Config.Networks.Classifier}
	return opened(newSmall(backend, b, "classifier", c.Net.Out, batch, func(scope *model.Scope, images *Node) []*Node {
		features := c.Features(scope, images)
		logits := c.Logits(scope, features)
		return []*Node{features, firstObject(logits), ConvertDType(pretrain.Predict(logits), dtypes.Float32)}
	}))
}

// Stage is the extractor of mean and deviation over positions of the classifier's second stage, or its only one. batch < 1 is the default.
func Stage(backend compute.Backend, b *pretrain.Bundle, batch int) (Extractor, error) {
	c := pretrain.Classifier{Net: b.Config.Networks.Classifier}
	stage := min(1, len(c.Net.Widths)-1)
	s, err := newSmall(backend, b, "classifier", 2*c.Net.Widths[stage], batch, func(scope *model.Scope, images *Node) []*Node {
		return []*Node{c.Stage(scope, images, stage)}
	})
	if err != nil {
		return nil, err
	}
	s.output = fmt.Sprintf(" stage %d", stage+1)
	return s, nil
}

// smallPair is a small network that reads captions too.
type smallPair struct {
	*small
	captions *batches // [B,L] ids → embeddings
}

var (
	_ Captioner = (*smallPair)(nil)
	_ Drawn     = (*smallPair)(nil)
)

// Pair is the extractor of a bundle's pair of picture and caption encoder. batch < 1 is the default.
func Pair(backend compute.Backend, b *pretrain.Bundle, batch int) (Captioner, error) {
	// One side of the pair takes no notice of the other, which is given something small.
	pair := pretrain.Pair{Text: b.Config.Networks.PairText, Image: b.Config.Networks.PairImage}
	s, err := newSmall(backend, b, "pair", pair.Image.Out, batch, func(scope *model.Scope, images *Node) []*Node {
		none := Zeros(images.Graph(), shapes.Make(dtypes.Int32, 1, b.PairWords.Context))
		_, image := pair.Embed(scope, none, images)
		return []*Node{image}
	})
	if err != nil {
		return nil, err
	}
	captions, err := s.batches(backend, s.Batch(), func(scope *model.Scope, ids *Node) []*Node {
		none := Zeros(ids.Graph(), shapes.Make(dtypes.Float32, 1, b.Config.Size, b.Config.Size, 3))
		text, _ := pair.Embed(scope, ids, none)
		return []*Node{text}
	})
	if err != nil {
		return nil, err
	}
	return &smallPair{s, captions}, nil
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
	return fmt.Sprintf("%s%s of %s, centre square at %d×%d", s.part, s.output, filepath.Base(filepath.Clean(s.bundle.Dir)), size, size)
}

func (s *small) Key() string {
	return fmt.Sprintf("small v%s %s%s %s size %d", smallVersion, s.part, s.output, s.bundle.Files[s.part], s.bundle.Config.Size)
}

func (s *small) Dim() int { return s.dim }

func (s *small) Batch() int { return s.images.most }

func (s *small) Close() {
	s.images.exec.Finalize()
	s.store.Finalize()
}

func (s *smallPair) Close() {
	s.captions.exec.Finalize()
	s.small.Close()
}

// Extract fits pictures to the size of the network.
func (s *small) Extract(ctx context.Context, pictures []RGB) (Output, error) {
	size := s.bundle.Config.Size
	return s.extract(ctx, len(pictures), func(i int, pixels []float32) error {
		fitted, err := dataset.Fit(pictures[i].image(), size)
		if err != nil {
			return fmt.Errorf("extractor: %w", err)
		}
		copy(pixels, fitted.Pix)
		return nil
	})
}

// ExtractDrawn takes pictures as they are, clipped to [-1,1].
func (s *small) ExtractDrawn(ctx context.Context, flat []float32) (Output, error) {
	area := s.bundle.Config.Size * s.bundle.Config.Size * 3
	if len(flat)%area != 0 {
		return Output{}, fmt.Errorf("extractor: %d values, want %d for each picture", len(flat), area)
	}
	return s.extract(ctx, len(flat)/area, func(i int, pixels []float32) error {
		for k, v := range flat[i*area : (i+1)*area] {
			pixels[k] = min(max(v, -1), 1)
		}
		return nil
	})
}

// extract asks the network for n pictures, whose pixels fill writes.
func (s *small) extract(ctx context.Context, n int, fill func(i int, pixels []float32) error) (out Output, err error) {
	size := s.bundle.Config.Size
	area := size * size * 3
	var classes eval.Features
	err = s.images.run(ctx, n, func(from, to, rows int) (*tensors.Tensor, error) {
		pixels := make([]float32, rows*area)
		for i := range to - from {
			if err := fill(from+i, pixels[i*area:(i+1)*area]); err != nil {
				return nil, err
			}
		}
		return train.F32(pixels, rows, size, size, 3), nil
	}, &out.Features, &out.Logits, &classes)
	for _, class := range classes.Data {
		out.Classes = append(out.Classes, int32(class))
	}
	return out, err
}

func (s *smallPair) Captions(ctx context.Context, captions []string) (out eval.Features, err error) {
	words := s.bundle.PairWords
	err = s.captions.run(ctx, len(captions), func(from, to, rows int) (*tensors.Tensor, error) {
		texts := make([]string, rows) // filled up with empty captions
		copy(texts, captions[from:to])
		return train.I32(words.EncodeAll(texts), rows, words.Context), nil
	}, &out)
	return out, err
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
