package edm

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// B batch, L classes, 1 where there are none.

// Base is a network as a teacher, with features for a discriminator: what distillation begins with. Captions are classes, by name or number,
// and c_text is the one-hot class. A network without classes reads no caption, and its c_text is 1. NewBase makes one.
type Base struct {
	*Model
	features network.FeatureFiles
	hashes   map[string]string
	outline  bool // Load reads no values
}

// NewBase takes networks to look through. The part "features" must be a network.ViTConfig, whose class token is c_img.
func NewBase(m *Model, features network.FeatureFiles) (*Base, error) {
	b := &Base{Model: m, features: features, hashes: map[string]string{"text": "classes"}}
	var err error
	if b.hashes["teacher"], err = weights.SHA256(m.File); err != nil {
		return nil, fmt.Errorf("edm: %w", err)
	}
	if err := features.Hashes(0, b.hashes); err != nil {
		return nil, fmt.Errorf("edm: %w", err)
	}
	return b, nil
}

// Outline is NewBase for plans: Load gives weights shapes and no values, and needs no file of features.
func Outline(m *Model, features network.FeatureFiles) *Base {
	b := &Base{Model: m, features: features, hashes: map[string]string{"text": "", "teacher": ""}, outline: true}
	for part := range features {
		b.hashes[part] = ""
	}
	return b
}

// Size is the side of the pictures.
func (b *Base) Size() int { return b.Network.Resolution }

// Schedule has the levels of EDM eq. 5 in continuous time, from Max at t = 1, and falls from Min to clean data below a thousandth.
func (b *Base) Schedule() (diffusion.Schedule, error) { return schedule{b.Levels}, nil }

type schedule struct{ diffusion.EDMLevels }

func (s schedule) Name() string { return fmt.Sprintf("edm, σ/α %g to %g", s.Min, s.Max) }

func (s schedule) AlphaSigma(t float64) (alpha, sigma float64) {
	const power, clean = 7, 1e-3
	t = min(max(t, 0), 1)
	least, most := math.Pow(s.Min, 1./power), math.Pow(s.Max, 1./power)
	ratio := math.Pow(least+max(t-clean, 0)/(1-clean)*(most-least), power) * min(t/clean, 1)
	alpha = 1 / math.Sqrt(1+ratio*ratio)
	return alpha, ratio * alpha
}

// Prediction is that of the network with its preconditioning.
func (b *Base) Prediction() diffusion.Prediction { return diffusion.PredictX0 }

// UnitNoise tells that sampling begins at noise of the highest level.
func (b *Base) UnitNoise(bool) bool { return false }

// NegativeCaption is no class.
func (b *Base) NegativeCaption() string { return "" }

// Check wants every caption to be a class, where the network has classes.
func (b *Base) Check(captions []string) error {
	if b.Network.LabelDim == 0 {
		return nil
	}
	for _, caption := range captions {
		if _, err := b.Class(caption); err != nil {
			return err
		}
	}
	return nil
}

// Tokens are the classes of captions [B,1], NoClass for what is none.
func (b *Base) Tokens(captions []string) (ids []int32, length int) {
	for _, caption := range captions {
		class, err := b.Class(caption)
		if err != nil {
			class = NoClass
		}
		ids = append(ids, int32(class))
	}
	return ids, 1
}

// Text gives one-hot classes [B,L] as Pooled, zeros for no class.
func (b *Base) Text(_ *model.Scope, ids *Node) diffusion.Cond {
	if b.Network.LabelDim == 0 {
		return diffusion.Cond{Pooled: Ones(ids.Graph(), shapes.Make(dtypes.Float32, ids.Shape().Dim(0), 1))}
	}
	shape := shapes.Make(dtypes.Int32, ids.Shape().Dim(0), b.Network.LabelDim)
	return diffusion.Cond{Pooled: ConvertDType(Equal(Iota(ids.Graph(), shape, 1), BroadcastToShape(ids, shape)), dtypes.Float32)}
}

// TextWidth is L.
func (b *Base) TextWidth() int { return max(1, b.Network.LabelDim) }

// Told gives the level itself, [B,3], which preconditioned reads.
func (b *Base) Told(l diffusion.Level, c diffusion.Cond) (level, pooled *Node) {
	return Stack([]*Node{l.T, l.Alpha, l.Sigma}, 1), c.Pooled
}

// Backbone is the network with its preconditioning.
func (b *Base) Backbone(string) network.Backbone { return preconditioned{b.Network} }

// preconditioned predicts x₀ from x_t and the level [B,3] in place of a timestep.
type preconditioned struct{ network.EDMConfig }

func (p preconditioned) Apply(scope *model.Scope, x, level, _, labels *Node) *Node {
	return diffusion.EDMDenoiser(scope, p.EDMConfig)(x, diffusion.LevelFrom(level), diffusion.Cond{Pooled: labels})
}

// IsTeacher reports whether a part is the teacher.
func (b *Base) IsTeacher(part string) bool { return part == "teacher" }

// Features are those for the discriminator.
func (b *Base) Features(part string) network.Features { return b.features[part].Net }

// ImageEncoder is the network whose class token is c_img: the features.
func (b *Base) ImageEncoder() network.ViTConfig { return b.features.ImageEncoder() }

// Want wants parts that there are.
func (b *Base) Want(parts ...string) error {
	for _, part := range parts {
		if _, ok := b.hashes[part]; !ok {
			return fmt.Errorf("edm: part = %q, want one of %q: EDM's networks have no others", part, slices.Sorted(maps.Keys(b.hashes)))
		}
	}
	return nil
}

// Hash is the SHA-256 of a part's file, and for features their config.
func (b *Base) Hash(part string) string { return b.hashes[part] }

// Load reads a part's weights below a scope, not to be trained. Classes have none.
func (b *Base) Load(backend compute.Backend, store *model.Store, scope, part string) error {
	err := b.Want(part)
	load, features := b.loadInto, b.features[part].Load
	if b.outline {
		load, features = b.outlineInto, b.features[part].Outline
	}
	switch {
	case err != nil:
		return err
	case part == "teacher":
		if err = load(backend, store, scope); err != nil {
			return fmt.Errorf("edm: %s: %w", b.File, err)
		}
		for v := range store.Scope(scope).IterVariables() {
			v.SetTrainable(false)
		}
	case part != "text":
		if err = features(backend, store, scope); err != nil {
			return fmt.Errorf("edm: %w", err)
		}
	}
	return nil
}

// LoadFile reads a student's network, in the file that its training wrote.
func (b *Base) LoadFile(backend compute.Backend, store *model.Store, scope, _, path string) error {
	if err := network.LoadFile(backend, store, scope, path, b.declare); err != nil {
		return fmt.Errorf("edm: %w", err)
	}
	return nil
}

// Build makes a network with initial values.
func (b *Base) Build(backend compute.Backend, store *model.Store, scope, part string) {
	g := NewGraph(backend, part)
	defer g.Finalize()
	model.SetStore(g, store)
	b.declare(store.Scope(scope), g)
}

// declare builds the network for one picture.
func (b *Base) declare(root *model.Scope, g *Graph) {
	input := func(name string, dims ...int) *Node { return Parameter(g, name, shapes.Make(dtypes.Float32, dims...)) }
	side := b.Network.Resolution
	b.Network.Apply(root.At("model"), input("x", 1, side, side, b.Network.Channels), input("noise", 1), input("labels", 1, b.TextWidth()))
}
