package pipeline

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/pretrain"
)

// B batch, S side of the picture, H = W and Z sides and channels of what is diffused, L tokens.

// Model is a diffusion model with its text encoder: a bundle, or a model that others published. Parts are "text", "teacher" and, where it
// has any, variants of the latter.
type Model interface {
	Size() int // S
	Schedule() (diffusion.Schedule, error)
	Prediction() diffusion.Prediction
	// UnitNoise reports whether sampling from a student, of consistency or of another method, begins at noise of size 1, and not of the size
	// that the schedule has at its first time.
	UnitNoise(consistency bool) bool

	Tokens(captions []string) (ids []int32, length int)         // flat [B,L]
	Text(scope *model.Scope, ids *Node) diffusion.Cond          // Pooled is c_text
	Backbone(part string) network.Backbone                      // of the teacher or a variant of it
	Told(l diffusion.Level, c diffusion.Cond) (t, pooled *Node) // what a backbone is told of level and caption besides its tokens

	Load(backend compute.Backend, store *model.Store, scope, part string) error
	LoadFile(backend compute.Backend, store *model.Store, scope, part, path string) error // weights of a student with the part's architecture
}

// Autoencoded is a Model that diffuses latents of pictures. Its autoencoder is the part "vae".
type Autoencoded interface {
	Model
	Latents() (side, channels int)                  // H = W, Z
	Decode(scope *model.Scope, latents *Node) *Node // [B,H,W,Z] → [B,S,S,3], about in [-1,1]
}

var _ Model = (*pretrain.Bundle)(nil)

// Batch is how many pictures a model draws at once, at most so many: large ones do not fit a device in any number.
func Batch(m Model, most int) int {
	const pixels = 512 * 512
	return min(most, max(1, pixels/(m.Size()*m.Size())))
}

// sample is the shape of what is diffused.
func (p *Pipeline) sample() (side, channels int) {
	if a, ok := p.Model.(Autoencoded); ok {
		return a.Latents()
	}
	return p.Model.Size(), 3
}

// denoiser is a network of the model, with its weights below scope.
func denoiser(m Model, scope *model.Scope, part string) diffusion.Denoiser {
	net := m.Backbone(part)
	return diffusion.Adapt(m.Prediction(), func(xt *Node, level diffusion.Level, cond diffusion.Cond) *Node {
		t, pooled := m.Told(level, cond)
		return net.Apply(scope, xt, t, cond.Tokens, pooled)
	})
}
