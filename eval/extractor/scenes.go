package extractor

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/pretrain"
)

// B batch, S side of the pictures, D width of the features, A attributes.

// Scenes are the features of the ablations' FID: those of the shipped classifier, or for a bundle without one those of its
// picture-caption pair. Its logits are those of theme.
var Scenes = register(Kind{
	Name: "scenes", Bundled: true, Logits: true,
	About: "this project's small classifier, for pictures of its built-in world; weights: a folder that pretrain wrote",
	Open: fromBundle(func(backend compute.Backend, b *pretrain.Bundle, batch int) (Extractor, error) {
		if !b.Has("classifier") {
			return opened(Pair(backend, b, batch))
		}
		return Classifier(backend, b, batch)
	}),
})

// ScenesStage are features that show how a picture is drawn: noise, blur, checkerboards and pale colours, which the classifier's last
// layer hardly tells (see TestFaultsRaiseTheDrawingFID).
var ScenesStage = register(Kind{
	Name: "scenes-stage2", Bundled: true,
	About: "mean and deviation over positions of this project's small classifier's second stage; weights: a folder that pretrain wrote",
	Open:  fromBundle(Stage),
})

// ScenesPair embeds pictures and captions in one space, for the CLIP score of the ablations.
var ScenesPair = register(Kind{
	Name: "scenes-pair", Captions: true, Bundled: true,
	About: "this project's small pair of picture and caption encoder; weights: a folder that pretrain wrote",
	Open: fromBundle(func(backend compute.Backend, b *pretrain.Bundle, batch int) (Extractor, error) {
		return opened(Pair(backend, b, batch))
	}),
})

func fromBundle(open func(compute.Backend, *pretrain.Bundle, int) (Extractor, error)) func(context.Context, Options) (Extractor, error) {
	return func(ctx context.Context, o Options) (Extractor, error) {
		b, err := pretrain.LoadBundle(cmp.Or(o.Weights, pretrain.DefaultDir("scenes", "cpu")))
		if err != nil {
			return nil, err
		}
		backend, err := o.Engine(ctx)
		if err != nil {
			return nil, err
		}
		return open(backend, b, o.Batch)
	}
}

// smallVersion changes when the same weights give other features.
const smallVersion = "1"

const smallBatch = 100

// small runs a network of a bundle, up to an output, which is "" for the last layer. All its calls have the same batch: the last one is filled up.
type small struct{ *runner }

var _ Drawn = small{}

func newSmall(backend compute.Backend, b *pretrain.Bundle, part, output string, batch int, images func(scope *model.Scope, x *Node) []*Node) (small, error) {
	size := b.Config.Size
	s := small{&runner{
		name: fmt.Sprintf("%s%s of %s, centre square at %d×%d", part, output, filepath.Base(filepath.Clean(b.Dir)), size, size),
		key:  roundedBy(backend, fmt.Sprintf("small v%s %s%s %s size %d", smallVersion, part, output, b.Files[part], size)),
		prepare: func(dst []float32, picture RGB) []float32 {
			return append(dst, dataset.Fit(picture.image(), size).Pix...)
		},
		size: size, backend: backend, store: model.NewStore(),
	}}
	err := b.Into(backend, s.store, part)
	if err == nil {
		s.images, err = s.compile(cmp.Or(max(batch, 0), smallBatch), true, images)
	}
	return s, err
}

// ExtractDrawn takes pictures as they are, clipped to [-1,1].
func (s small) ExtractDrawn(ctx context.Context, flat []float32) (Output, error) {
	area := s.size * s.size * 3
	if len(flat)%area != 0 {
		return Output{}, fmt.Errorf("extractor: %d values, want %d for each picture", len(flat), area)
	}
	return s.extract(ctx, len(flat)/area, func(dst []float32, i int) []float32 {
		for _, v := range flat[i*area : (i+1)*area] {
			dst = append(dst, min(max(v, -1), 1))
		}
		return dst
	})
}

// Classifier is the extractor of a bundle's classifier of attributes. batch < 1 is the default.
func Classifier(backend compute.Backend, b *pretrain.Bundle, batch int) (Extractor, error) {
	c := b.Config.Networks.AttributeClassifier()
	return opened(newSmall(backend, b, "classifier", "", batch, func(root *model.Scope, images *Node) []*Node {
		scope := root.At("classifier")
		features := c.Features(scope, images)
		logits := c.Logits(scope, features)
		return []*Node{features, theme(logits, b.Config.Networks.Classes), ConvertDType(pretrain.Predict(logits), dtypes.Float32)}
	}))
}

// Stage is the extractor of mean and deviation over positions of the classifier's second stage, or its only one. batch < 1 is the default.
func Stage(backend compute.Backend, b *pretrain.Bundle, batch int) (Extractor, error) {
	c := b.Config.Networks.AttributeClassifier()
	stage := min(1, len(c.Net.Widths)-1)
	output := fmt.Sprintf(" stage %d", stage+1)
	return opened(newSmall(backend, b, "classifier", output, batch, func(root *model.Scope, images *Node) []*Node {
		return []*Node{c.Stage(root.At("classifier"), images, stage)}
	}))
}

// smallPair is a small network that reads captions too.
type smallPair struct {
	small
	captions
}

var (
	_ Captioner = (*smallPair)(nil)
	_ Drawn     = (*smallPair)(nil)
)

// Pair is the extractor of a bundle's pair of picture and caption encoder. batch < 1 is the default.
func Pair(backend compute.Backend, b *pretrain.Bundle, batch int) (Captioner, error) {
	// One side of the pair takes no notice of the other, which is given something small.
	pair := pretrain.Pair{Text: b.Config.Networks.PairText, Image: b.Config.Networks.PairImage}
	s, err := newSmall(backend, b, "pair", "", batch, func(root *model.Scope, images *Node) []*Node {
		none := Zeros(images.Graph(), shapes.Make(dtypes.Int32, 1, b.PairWords.Context))
		_, image := pair.Embed(root.At("pair"), none, images)
		return []*Node{image}
	})
	if err != nil {
		return nil, err
	}
	graph, err := s.compile(s.Batch(), true, func(root *model.Scope, ids *Node) []*Node {
		none := Zeros(ids.Graph(), shapes.Make(dtypes.Float32, 1, s.size, s.size, 3))
		text, _ := pair.Embed(root.At("pair"), ids, none)
		return []*Node{text}
	})
	if err != nil {
		return nil, err
	}
	return &smallPair{s, captions{graph, b.PairWords.Context, func(texts []string) ([]int32, error) { return b.PairWords.EncodeAll(texts), nil }}}, nil
}

// theme is the logits of what a picture shows. Of scenes these are of every pair of shape and colour of the first object,
// [B,shapes·colours], whose softmax is the product of both. Elsewhere they are of the attribute of most classes.
func theme(logits []*Node, classes []int) *Node {
	if classes != nil {
		return logits[slices.Index(classes, slices.Max(classes))]
	}
	shape := logits[slices.Index(dataset.AttributeNames, "first shape")]
	color := logits[slices.Index(dataset.AttributeNames, "first color")]
	both := Add(InsertAxes(shape, 2), InsertAxes(color, 1)) // [B,shapes,colours]
	return Reshape(both, shape.Shape().Dim(0), -1)
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
