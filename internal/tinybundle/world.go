package tinybundle

import (
	"fmt"

	"github.com/addlab/addlab/dataset"
)

// Size is the side of all pictures.
const Size = 8

// World is the built-in world in tiny pictures.
func World() *dataset.Scenes {
	return &dataset.Scenes{Config: dataset.ScenesConfig{Size: Size, MaxObjects: 2, Jitter: 1, Seed: 1}}
}

// Album is a finite dataset of so many pictures that knows nothing about them but their captions, as a folder gives.
type Album int

func (a Album) Name() string            { return "album" }
func (a Album) Hash() string            { return fmt.Sprintf("album-%d", int(a)) }
func (a Album) Train() dataset.Source   { return page{World().Train(), int(a)} }
func (a Album) Heldout() dataset.Source { return page{World().Heldout(), int(a)} }

type page struct {
	dataset.Source
	n int
}

func (p page) Len() int { return p.n }
