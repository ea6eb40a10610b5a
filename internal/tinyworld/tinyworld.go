// Package tinyworld is datasets of tiny pictures for tests.
package tinyworld

import (
	"fmt"

	"github.com/addlab/addlab/dataset"
)

// Size is the side of all pictures.
const Size = 8

// New is the built-in world, with objects anywhere.
func New() *dataset.Scenes {
	return &dataset.Scenes{Config: dataset.ScenesConfig{Size: Size, MaxObjects: 2, Jitter: 1, Seed: 1}}
}

// Album is a finite dataset of so many pictures that knows nothing about them but their captions, as a folder gives.
type Album int

func (a Album) Name() string            { return "album" }
func (a Album) Hash() string            { return fmt.Sprintf("album-%d", int(a)) }
func (a Album) Train() dataset.Source   { return page{New().Train(), int(a)} }
func (a Album) Heldout() dataset.Source { return page{New().Heldout(), int(a)} }

type page struct {
	dataset.Source
	n int
}

func (p page) Len() int { return p.n }
