package distill

import (
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/discriminator"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/weights"
)

// Where the networks stand in the store.
const (
	textScope          = "text"
	teacherScope       = "teacher"
	featuresScope      = "features"
	studentScope       = "student"
	studentEMAScope    = "student_ema"
	discriminatorScope = "discriminator"
)

// newStore loads the frozen networks and creates student and discriminator.
func newStore(backend compute.Backend, b *pretrain.Bundle, cfg Config) (*model.Store, error) {
	store := model.NewStore()
	if err := b.Into(backend, store, textScope, teacherScope, featuresScope); err != nil {
		return nil, err
	}
	switch cfg.Init {
	case Pretrained:
		teacher, err := weights.FromStore(store, "/"+teacherScope)
		if err != nil {
			return nil, err
		}
		if err := weights.Into(store, "/"+studentScope, teacher); err != nil {
			return nil, err
		}
	case Random:
		network.Seed(store, cfg.Seed)
		fresh := model.NewStore()
		network.Seed(fresh, cfg.Seed)
		pretrain.Build(backend, fresh, teacherScope, b.Config)
		student, err := weights.FromStore(fresh, "/"+teacherScope)
		if err != nil {
			return nil, err
		}
		if err := weights.Into(store, "/"+studentScope, student); err != nil {
			return nil, err
		}
	}
	vit, text := b.Config.Networks.Features, b.Config.Networks.Text
	widths := make([]int, vit.Depth+1) // one head per tap: the embedding output and every block
	for i := range widths {
		widths[i] = vit.Width
	}
	condition := 0
	if cfg.Discriminator.Text {
		condition += text.Projection
	}
	if cfg.Discriminator.Image {
		condition += vit.Width
	}
	if err := discriminator.Init(store, "/"+discriminatorScope, widths, condition, cfg.Discriminator, cfg.Seed); err != nil {
		return nil, fmt.Errorf("distill: %w", err)
	}
	return store, nil
}

// nets gives the networks of a bundle within a graph.
type nets struct {
	root   *model.Scope
	bundle pretrain.Config
}

func (n nets) text(ids *Node) diffusion.Cond {
	return diffusion.EncodeText(n.root.At(textScope), n.bundle.Networks.Text, ids)
}

func (n nets) denoiser(scope string) diffusion.Denoiser {
	return diffusion.UNetDenoiser(n.root.At("%s", scope), n.bundle.Networks.UNet, n.bundle.Prediction)
}

// features is the discriminator's frozen network F.
func (n nets) features(img *Node) []*Node {
	return network.ViT(n.root.At(featuresScope), n.bundle.Networks.Features, img, nil).Taps
}

// imageEmbedding is c_img, the class token of the real picture.
func (n nets) imageEmbedding(img *Node) *Node {
	return network.ViT(n.root.At(featuresScope), n.bundle.Networks.Features, img, nil).Class()
}
