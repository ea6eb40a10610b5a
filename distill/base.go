package distill

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/pretrain"
)

// B batch, S side of the picture, H, W and Z sides and channels of what is diffused.

// Base is what a student is distilled from: a diffusion model with its text encoder, and the networks that look at pictures. Beside those
// of pipeline.Model there is the part "features", and variants of it.
type Base interface {
	pipeline.Model
	NegativeCaption() string

	TextWidth() int                        // of c_text
	IsTeacher(part string) bool            // the teacher, or a variant of it
	Features(part string) network.Features // of the features or a variant of them
	ImageEncoder() network.ViTConfig       // of c_img; the part "features"

	Want(parts ...string) error // an error if one is missing
	Hash(part string) string    // of its weights
	Build(backend compute.Backend, store *model.Store, scope, part string)
}

// Autoencoded is a Base that diffuses latents of pictures. Its autoencoder is the part "vae".
type Autoencoded interface {
	Base
	pipeline.Autoencoded
	Encode(scope *model.Scope, pictures *Node) *Node // [B,S,S,3] → [B,H,W,Z], as the diffusion model scales them
	TextHash() string                                // of all that Tokens and Text depend on
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
