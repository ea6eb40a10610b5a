package protocol

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
)

// Judge holds the evaluation networks and the held-out pictures and captions that every model is compared with.
type Judge struct {
	Setup   Setup
	Bundle  *pretrain.Bundle
	Backend compute.Backend

	pair, classify *model.Exec // nil in a judge made to draw only; classify also where the data has no attributes
	prompts        Prompts
	novel          Prompts // of compositions that training never saw; empty where the data or the judge knows none
	reference      eval.Features
	shown          classesSeen // in the reference
	easels         map[easelKey]*easel
}

// NewJudge loads the networks and draws the reference: the first Setup.Images held-out pictures.
func NewJudge(ctx context.Context, backend compute.Backend, b *pretrain.Bundle, data dataset.Dataset, setup Setup) (*Judge, error) {
	if err := setup.Validate(); err != nil {
		return nil, err
	}
	j := &Judge{Setup: setup, Bundle: b, Backend: backend, easels: map[easelKey]*easel{}}
	parts := []string{"pair"}
	if b.Has("classifier") {
		parts = append(parts, "classifier")
	}
	store := model.NewStore()
	if err := b.Into(backend, store, parts...); err != nil {
		return nil, err
	}
	nets := b.Config.Networks
	var err error
	if j.pair, err = model.NewExec(backend, store, func(root *model.Scope, images, ids *Node) []*Node {
		p := pretrain.Pair{Text: nets.PairText, Image: nets.PairImage}
		text, image := p.Embed(root.At("pair"), ids, images)
		return []*Node{text, image}
	}); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	if b.Has("classifier") {
		if j.classify, err = model.NewExec(backend, store, func(root *model.Scope, images *Node) []*Node {
			c := pretrain.Classifier{Net: nets.Classifier}
			features := c.Features(root.At("classifier"), images)
			return []*Node{features, pretrain.Predict(c.Logits(root.At("classifier"), features))}
		}); err != nil {
			return nil, fmt.Errorf("score: %w", err)
		}
	}
	if j.prompts, err = drawPrompts(data, 0, setup.Images); err != nil {
		return nil, err
	}
	if scenes, ok := data.(*dataset.Scenes); ok && j.classify != nil {
		if j.novel, err = takePrompts(scenes.Novel(), 0, min(manifold, setup.Images)); err != nil {
			return nil, err
		}
	}
	looks, err := j.look(ctx, j.prompts.Images, j.prompts.Captions)
	if err != nil {
		return nil, err
	}
	j.reference, j.shown = looks.features, classesSeen{looks.attributes, j.prompts.Stated}
	return j, nil
}

// Close frees the compiled graphs.
func (j *Judge) Close() {
	for _, exec := range []*model.Exec{j.pair, j.classify} {
		if exec != nil {
			exec.Finalize()
		}
	}
	for _, e := range j.easels {
		e.close()
	}
}

// looks is what the evaluation networks see in a list of pictures.
type looks struct {
	features    eval.Features // [n,D], for FID
	image, text eval.Features // [n,P]
	attributes  []int32       // [n,A], nil where the data has none
}

// ErrNotNumbers says that pictures have values that are not numbers, which no network can judge.
var ErrNotNumbers = errors.New("not a number")

// look runs the evaluation networks over pictures [n,S,S,3] with their captions, in full batches: the last one is filled up.
func (j *Judge) look(ctx context.Context, images []float32, captions []string) (looks, error) {
	var out looks
	size, batch, n := j.Bundle.Config.Size, j.Setup.Batch, len(captions)
	area, words := size*size*3, j.Bundle.PairWords
	if i := slices.IndexFunc(images[:n*area], func(v float32) bool { return v != v }); i >= 0 {
		return out, fmt.Errorf("score: picture %d: %w", i/area, ErrNotNumbers)
	}
	for start := 0; start < n; start += batch {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		count := min(batch, n-start)
		pixels, texts := make([]float32, batch*area), make([]string, batch)
		copy(pixels, images[start*area:(start+count)*area])
		copy(texts, captions[start:start+count])
		for i, v := range pixels {
			pixels[i] = min(max(v, -1), 1)
		}

		picture := train.F32(pixels, batch, size, size, 3)
		ids := train.I32(words.EncodeAll(texts), batch, words.Context)
		both, err := j.pair.Call(picture, ids)
		if err != nil {
			return out, fmt.Errorf("score: %w", err)
		}
		text, image := rows(both[0], count), rows(both[1], count)
		engine.Release(ids)
		features := image
		if j.classify != nil {
			seen, err := j.classify.Call(picture)
			if err != nil {
				return out, fmt.Errorf("score: %w", err)
			}
			features = rows(seen[0], count)
			out.attributes = append(out.attributes, tensors.MustCopyFlatData[int32](seen[1])[:count*len(dataset.AttributeClasses)]...)
			engine.Release(seen...)
		}
		engine.Release(append(both, picture)...)
		for _, add := range []struct{ to, batch *eval.Features }{{&out.features, &features}, {&out.image, &image}, {&out.text, &text}} {
			if err := add.to.Append(*add.batch); err != nil {
				return out, fmt.Errorf("score: %w", err)
			}
		}
	}
	return out, nil
}

// rows copies the first n rows of a [B,D] tensor.
func rows(t *tensors.Tensor, n int) eval.Features {
	d := t.Shape().Dim(1)
	return eval.Features{N: n, D: d, Data: tensors.MustCopyFlatData[float32](t)[:n*d]}
}
