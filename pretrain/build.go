package pretrain

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// Check compares the tensors of a file with the variables that building the network creates.
func (b *Bundle) Check(backend compute.Backend, part string, file *weights.File) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("building %s: %v", part, r)
		}
	}()
	store := model.NewStore()
	b.Build(backend, store, "/"+part, part)
	return weights.Check(store, "/"+part, file)
}

// Backbone is the architecture of the teacher or of a variant that is a diffusion model.
func (b *Bundle) Backbone(part string) network.Backbone {
	if v := b.Variants[part]; v.Part == "teacher" || v.Part == studentFile {
		return v.Backbone()
	}
	return b.Config.Networks.UNet
}

// Features is the architecture of the discriminator's features or of a variant of them.
func (b *Bundle) Features(part string) network.Features {
	if v := b.Variants[part]; v.Part == "features" {
		return v.Features()
	}
	return b.Config.Networks.Features
}

// Build creates the variables of a part or variant below a scope, with initial values.
func (b *Bundle) Build(backend compute.Backend, store *model.Store, scope, part string) {
	cfg := b.Config
	kind, v := part, b.Variants[part]
	if v.ViT != nil {
		cfg.Networks.Features = *v.ViT
	}
	switch {
	case v.Objective == CLIP || v.Objective == Untrained || v.EfficientNet != nil:
		kind = unmasked
	case v.Part == studentFile:
		kind = "teacher"
	case v.Part != "":
		kind = v.Part
	}
	build(backend, store, scope, kind, cfg, b.Backbone(part), b.Features(part))
}

// Build creates the variables of a part below the scope of its name, with initial values.
func Build(backend compute.Backend, store *model.Store, part string, cfg Config) {
	build(backend, store, "/"+part, part, cfg, cfg.Networks.UNet, cfg.Networks.Features)
}

// unmasked are features trained without masked patches, which have no token for them.
const unmasked = "unmasked features"

func build(backend compute.Backend, store *model.Store, path, part string, cfg Config, teacher network.Backbone, features network.Features) {
	g := NewGraph(backend, part)
	defer g.Finalize()
	model.SetStore(g, store)
	scope, nets := store.Scope(path), cfg.Networks
	images := Zeros(g, shapes.Make(dtypes.Float32, 1, cfg.Size, cfg.Size, 3))
	ids := func(context int) *Node { return Zeros(g, shapes.Make(dtypes.Int32, 1, context)) }
	switch part {
	case "text":
		network.TextEncoder(scope, nets.Text, ids(nets.Text.Context))
	case "teacher":
		tokens := Zeros(g, shapes.Make(dtypes.Float32, 1, nets.Text.Context, nets.UNet.CrossAttentionDim))
		pooled := Zeros(g, shapes.Make(dtypes.Float32, 1, max(nets.UNet.PooledDim, 1)))
		teacher.Apply(scope, images, Zeros(g, shapes.Make(dtypes.Float32, 1)), tokens, pooled)
	case "features":
		network.ViT(scope, nets.Features, images, Zeros(g, shapes.Make(dtypes.Float32, 1, nets.Features.Patches())))
	case unmasked:
		features.Taps(scope, images)
	case "classifier":
		c := nets.AttributeClassifier()
		c.Logits(scope, c.Features(scope, images))
	case "pair":
		Pair{Text: nets.PairText, Image: nets.PairImage}.Loss(scope, ids(nets.PairText.Context), images)
	default:
		panic(fmt.Errorf("pretrain: part = %q, want one of %q", part, Parts))
	}
}
