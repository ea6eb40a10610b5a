package distill

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/pretrain"
)

// B batch, S side of the picture, H, W and Z sides and channels of what is diffused, L tokens.

// Base is what a student is distilled from: a diffusion model with its text encoder, and the networks that look at pictures. Parts are
// "text", "teacher", "features", and variants of the last two.
type Base interface {
	Size() int // S
	Schedule() (diffusion.Schedule, error)
	Prediction() diffusion.Prediction
	// UnitNoise reports whether sampling from a student, of consistency or of another method, begins at noise of size 1, and not of the size
	// that the schedule has at its first time.
	UnitNoise(consistency bool) bool
	NegativeCaption() string

	Tokens(captions []string) (ids []int32, length int)         // flat [B,L]
	Text(scope *model.Scope, ids *Node) diffusion.Cond          // Pooled is c_text
	TextWidth() int                                             // of c_text
	Backbone(part string) network.Backbone                      // of the teacher or a variant of it
	Told(l diffusion.Level, c diffusion.Cond) (t, pooled *Node) // what a backbone is told of level and caption besides its tokens
	IsTeacher(part string) bool                                 // the teacher, or a variant of it
	Features(part string) network.Features                      // of the features or a variant of them
	ImageEncoder() network.ViTConfig                            // of c_img; the part "features"

	Want(parts ...string) error // an error if one is missing
	Hash(part string) string    // of its weights
	Load(backend compute.Backend, store *model.Store, scope, part string) error
	Build(backend compute.Backend, store *model.Store, scope, part string)
}

// Autoencoded is a Base that diffuses latents of pictures. Its autoencoder is the part "vae".
type Autoencoded interface {
	Base
	Latents() (side, channels int)                   // H = W, Z
	Encode(scope *model.Scope, pictures *Node) *Node // [B,S,S,3] → [B,H,W,Z], as the diffusion model scales them
	Decode(scope *model.Scope, latents *Node) *Node  // back, about in [-1,1]
}

var _ Base = (*pretrain.Bundle)(nil)

// sample is the shape of what is diffused.
func (s setup) sample() (side, channels int) {
	if a, ok := s.base.(Autoencoded); ok {
		return a.Latents()
	}
	return s.base.Size(), 3
}

// values is the number of values of a sample.
func (s setup) values() int {
	side, channels := s.sample()
	return side * side * channels
}
