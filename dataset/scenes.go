package dataset

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/addlab/addlab/internal/rng"
)

// ScenesConfig sets how hard the built-in world is.
type ScenesConfig struct {
	Size       int `json:"size"`        // pixels per side
	MaxObjects int `json:"max_objects"` // 1 to 3
	// Jitter is the share of its free room that an object's place varies over: 0 puts all objects of an arrangement into the same
	// places, 1 anywhere that keeps them whole and apart.
	Jitter float64 `json:"jitter"`
	Seed   int64   `json:"seed"` // of the world: which picture belongs to which index
}

// DefaultScenes is the world that the shipped weights know.
func DefaultScenes() ScenesConfig { return ScenesConfig{Size: 32, MaxObjects: 2, Jitter: 0.4, Seed: 1} }

// FreeScenes is the harder of the built-in worlds: the captions, colours and shapes of DefaultScenes, but objects stand anywhere that
// keeps them whole and apart. A caption no longer fixes the picture, so that its mean, which is all that one step of a regression can
// give, is a smear.
func FreeScenes() ScenesConfig {
	cfg := DefaultScenes()
	cfg.Jitter = 1
	return cfg
}

// Validate tells which field cannot work.
func (c ScenesConfig) Validate() error {
	if c.Size < 8 {
		return fmt.Errorf("dataset: scenes size = %d, want ≥ 8", c.Size)
	}
	if c.MaxObjects < 1 || c.MaxObjects > MaxSlots {
		return fmt.Errorf("dataset: scenes max_objects = %d, want 1 to %d", c.MaxObjects, MaxSlots)
	}
	if !(c.Jitter >= 0 && c.Jitter <= 1) {
		return fmt.Errorf("dataset: scenes jitter = %g, want 0 to 1", c.Jitter)
	}
	return nil
}

// Scenes is an endless world of coloured shapes: one to three objects in a row or a column on a plain background, captioned
// in English with some attributes left out. Some pairs of shape and colour never occur in training (see Split).
type Scenes struct {
	Config ScenesConfig
	name   string // where it is not plain scenes
}

var _ Dataset = (*Scenes)(nil)

func init() {
	for name, cfg := range map[string]ScenesConfig{"scenes": DefaultScenes(), "scenes-free": FreeScenes()} {
		builtin[name] = func(_ context.Context, size int, _ func(string, ...any)) (Dataset, error) {
			cfg.Size = size
			return &Scenes{cfg, name}, cfg.Validate()
		}
	}
}

// scenesVersion changes when the same index gives another picture or caption.
const scenesVersion = 4

// Name implements Dataset.
func (s *Scenes) Name() string { return cmp.Or(s.name, "scenes") }

// Hash implements Dataset.
func (s *Scenes) Hash() string {
	return fmt.Sprintf("scenes-v%d-size%d-objects%d-jitter%g-seed%d", scenesVersion, s.Config.Size, s.Config.MaxObjects, s.Config.Jitter, s.Config.Seed)
}

// Train gives the scenes to learn from; no held-out composition occurs in them.
func (s *Scenes) Train() Source { return s.Split("train") }

// Heldout gives scenes of the compositions known from training that training never drew.
func (s *Scenes) Heldout() Source { return s.Split("heldout") }

// Split returns a source that also tells what is in its pictures: "train", "heldout", "stated" (held-out scenes whose captions leave
// open only shades and where exactly objects stand), "novel" (each scene has a composition that never occurs in training) or "all".
func (s *Scenes) Split(name string) SceneSource { return SceneSource{scenes: s, split: name} }

// SceneSource is a split of the world.
type SceneSource struct {
	scenes *Scenes
	split  string
}

// Len implements Source.
func (s SceneSource) Len() int { return math.MaxInt }

// Sample implements Source.
func (s SceneSource) Sample(i int) (Sample, error) {
	scene, caption, _ := s.Scene(i)
	return Sample{Image: scene.Draw(s.scenes.Config.Size), Caption: caption}, nil
}

// Scene returns what picture i shows, its caption, and which attributes the caption states.
func (s SceneSource) Scene(i int) (scene Scene, caption string, stated Attributes) {
	r := rng.New(s.scenes.Config.Seed, "scenes/"+s.split, i)
	for {
		scene = randomScene(r, s.scenes.Config, unstated())
		if s.split != "all" && scene.novel() != (s.split == "novel") {
			continue
		}
		caption, stated = scene.Describe(r)
		if s.split != "stated" || stated == scene.Attributes() {
			return scene, caption, stated
		}
	}
}

// Alike implements Grouped: a scene of the split that the caption of scene i fits as well.
func (s SceneSource) Alike(i, k int) (Sample, error) {
	scene, caption := s.alike(i, k)
	return Sample{Image: scene.Draw(s.scenes.Config.Size), Caption: caption}, nil
}

func (s SceneSource) alike(i, k int) (Scene, string) {
	scene, caption, stated := s.Scene(i)
	if k == 0 {
		return scene, caption
	}
	r := rng.New(s.scenes.Config.Seed, fmt.Sprintf("scenes/%s/alike/%d", s.split, k), i)
	for {
		scene = randomScene(r, s.scenes.Config, stated)
		if s.split == "all" || scene.novel() == (s.split == "novel") {
			return scene, caption
		}
	}
}

// Object is one coloured shape. X, Y and Radius are in parts of the picture's side.
type Object struct {
	Shape, Color, Size int
	X, Y, Radius       float64
	Tint               [3]float64 // small deviation from the named colour
}

// Arrangement of the objects.
const (
	Alone = iota
	Row
	Column
)

// Scene is what a picture shows. Objects are ordered from left to right, or from top to bottom.
type Scene struct {
	Objects     []Object
	Arrangement int
	Background  int
	Tint        [3]float64
}

// heldOut reports whether a pair of shape and colour is kept out of training: one pair in eight, spread over both.
func heldOut(shape, color int) bool { return (shape*2+color)%9 == 0 }

func (s Scene) novel() bool {
	for _, o := range s.Objects {
		if heldOut(o.Shape, o.Color) {
			return true
		}
	}
	return false
}

// randomScene draws what want leaves open. An attribute that is wanted is drawn too and put aside, so that the rest is as without it.
func randomScene(r *rand.Rand, cfg ScenesConfig, want Attributes) Scene {
	draw := func(attribute, classes int) int {
		drawn := r.IntN(classes)
		if want[attribute] >= 0 {
			return want[attribute]
		}
		return drawn
	}
	s := Scene{Background: draw(2, len(Backgrounds)), Tint: tint(r, 0.04)}
	n := 1 + draw(0, cfg.MaxObjects)
	if n > 1 {
		s.Arrangement = Row + r.IntN(2)
		if want[1] >= 0 {
			s.Arrangement = want[1]
		}
	}
	slot := 1 / float64(n) // room along the axis
	for i := range n {
		o := Object{Shape: draw(3+3*i, len(Shapes)), Color: draw(4+3*i, len(Colors)), Size: draw(5+3*i, len(Sizes)), Tint: tint(r, 0.06)}
		o.Radius = []float64{0.165, 0.235}[o.Size] * (1 + 0.06*(2*r.Float64()-1))
		if n == 3 {
			o.Radius *= 0.66
		}
		along := (float64(i)+0.5)*slot + jitter(r, cfg.Jitter*(slot/2-o.Radius))
		across := 0.5 + jitter(r, cfg.Jitter*(0.46-o.Radius))
		if n == 1 {
			along = 0.5 + jitter(r, cfg.Jitter*(0.46-o.Radius))
		}
		o.X, o.Y = along, across
		if s.Arrangement == Column {
			o.X, o.Y = across, along
		}
		s.Objects = append(s.Objects, o)
	}
	return s
}

func jitter(r *rand.Rand, room float64) float64 { return (2*r.Float64() - 1) * max(room, 0) }

func tint(r *rand.Rand, amount float64) (t [3]float64) {
	for i := range t {
		t[i] = amount * (2*r.Float64() - 1)
	}
	return t
}
