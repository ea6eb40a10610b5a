package latent

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// B batch, S side of the picture, H = W and Z side and channels of the latents, L tokens of a caption for all towers.

// Base is a model as a teacher, with features for a discriminator: what distillation begins with. NewBase makes one.
type Base struct {
	*Model
	size      int
	scheduler diffusion.Scheduler
	features  network.FeatureFiles
	files     map[string]string // SHA-256 of every file
	hashes    map[string]string // of the parts
	outline   bool              // Load reads no values
}

// NewBase takes pictures of a side, and networks to look through. The part "features" must be a network.ViTConfig, whose class token is c_img.
func NewBase(m *Model, side int, features network.FeatureFiles) (*Base, error) {
	b := &Base{Model: m, size: side, features: features, files: map[string]string{}, hashes: map[string]string{}}
	var err error
	if b.scheduler, err = m.teaches(side); err != nil {
		return nil, err
	}
	for _, file := range slices.Concat(m.names, slices.Concat(slices.Collect(maps.Values(m.weights))...)) {
		if _, twice := b.files[file]; twice {
			continue
		}
		if b.files[file], err = weights.SHA256(m.path(file)); err != nil {
			return nil, fmt.Errorf("latent: %w", err)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(b.files)) { // configs as well: the same weights may be told other things
		b.hashes[partOf(file)] += b.files[file]
	}
	if err := features.Hashes(side, b.hashes); err != nil {
		return nil, fmt.Errorf("latent: %w", err)
	}
	return b, nil
}

// Outline is NewBase for plans: Load gives weights shapes and no values, and needs no file of features.
func Outline(m *Model, side int, features network.FeatureFiles) (*Base, error) {
	b := &Base{Model: m, size: side, features: features, hashes: map[string]string{"teacher": "", "vae": "", "text": ""}, outline: true}
	for part := range features {
		b.hashes[part] = ""
	}
	var err error
	b.scheduler, err = m.teaches(side)
	return b, err
}

// teaches wants a model that can be a teacher for pictures of a side, and gives its noise levels.
func (m *Model) teaches(side int) (diffusion.Scheduler, error) {
	s, err := m.Levels()
	if err == nil {
		err = m.checkSize(side, engine.HostMemory())
	}
	if err == nil && m.ReadsGuidance() {
		err = fmt.Errorf("latent: %s reads guidance, want a teacher that was not distilled with it", m.Dir)
	}
	return s, err
}

// partOf is the part of distillation that a file belongs to.
func partOf(file string) string {
	switch folder := path.Dir(file); {
	case folder == "vae":
		return "vae"
	case strings.HasPrefix(folder, "text_encoder"), strings.HasPrefix(folder, "tokenizer"):
		return "text"
	}
	return "teacher" // U-Net, scheduler and the kind of pipeline
}

// Size is the side of the pictures, S.
func (b *Base) Size() int { return b.size }

// Latents is the shape of what is diffused.
func (b *Base) Latents() (side, channels int) { return b.size / b.VAE.Factor(), b.VAE.LatentChannels }

// Schedule has the noise levels of the model's scheduler.
func (b *Base) Schedule() (diffusion.Schedule, error) { return b.scheduler.Schedule(), nil }

// Prediction is what the U-Net outputs.
func (b *Base) Prediction() diffusion.Prediction { return b.scheduler.Prediction }

// UnitNoise reports whether the scheduler that a student is saved with, FewSteps, begins at noise of size 1: LCM's does, Euler's two at
// noise of the schedule's size.
func (b *Base) UnitNoise(consistency bool) bool { return consistency }

// NegativeCaption is one of those that people give to Stable Diffusion.
func (b *Base) NegativeCaption() string { return "blurry, low quality" }

// Tokens are captions as the towers read them: flat [B,L], those of a second tower after those of the first.
func (b *Base) Tokens(captions []string) (ids []int32, length int) {
	for _, caption := range captions {
		for _, t := range b.Texts {
			ids = append(ids, t.Words.Encode(caption)...)
		}
	}
	return ids, b.Texts[0].Words.Context * len(b.Texts)
}

// Text runs the towers on ids [B,L]. Pooled is the state of the end of the caption in the last of them.
func (b *Base) Text(scope *model.Scope, ids *Node) diffusion.Cond {
	context := b.Texts[0].Words.Context
	var split []*Node
	for i := range b.Texts {
		split = append(split, Slice(ids, AxisRange(), AxisRange(i*context, (i+1)*context)))
	}
	c := b.encode(scope, split)
	if b.zeroNegative { // states of an empty caption are zeros
		none, length := b.Tokens([]string{""})
		empty := Reshape(Const(ids.Graph(), none), 1, length)
		differs := ConvertDType(NotEqual(ids, BroadcastToDims(empty, ids.Shape().Dimensions...)), dtypes.Float32)
		said := ReduceMax(differs, 1) // [B]: 0 for an empty caption
		c = diffusion.Cond{Tokens: Mul(c.Tokens, InsertAxes(said, -1, -1)), Pooled: Mul(c.Pooled, InsertAxes(said, -1))}
	}
	return c
}

// Backbone is the U-Net.
func (b *Base) Backbone(string) network.Backbone { return b.UNet }

// Told is what the U-Net is told of level and caption: the timestep [B] and, for XL, the pooled caption with the picture's sizes.
func (b *Base) Told(l diffusion.Level, c diffusion.Cond) (t, pooled *Node) {
	t = MaxScalar(AddScalar(MulScalar(l.T, float64(b.scheduler.Timesteps())), -1), 0)
	if b.XL { // original size, corner of the crop, wanted size
		side := float32(b.size)
		sizes := Reshape(Const(t.Graph(), []float32{side, side, 0, 0, side, side}), 1, 6)
		pooled = Concatenate([]*Node{c.Pooled, BroadcastToDims(sizes, c.Pooled.Shape().Dim(0), 6)}, 1)
	}
	return t, pooled
}

// IsTeacher reports whether a part is the teacher.
func (b *Base) IsTeacher(part string) bool { return part == "teacher" }

// Features are those for the discriminator.
func (b *Base) Features(part string) network.Features { return b.features[part].Net }

// ImageEncoder is the network whose class token is c_img: the features.
func (b *Base) ImageEncoder() network.ViTConfig { return b.features.ImageEncoder() }

// Encode gives the latents of pictures, the means of the autoencoder: [B,S,S,3] → [B,H,W,Z].
func (b *Base) Encode(scope *model.Scope, pictures *Node) *Node {
	mean, _ := b.VAE.Encode(scope, pictures)
	return MulScalar(AddScalar(mean, -b.VAE.Shift), b.VAE.Scale)
}

// Decode gives the pictures of latents.
func (b *Base) Decode(scope *model.Scope, latents *Node) *Node {
	return b.VAE.Decode(scope, AddScalar(DivScalar(latents, b.VAE.Scale), b.VAE.Shift))
}

// Want wants parts that there are.
func (b *Base) Want(parts ...string) error {
	for _, part := range parts {
		if _, ok := b.hashes[part]; !ok {
			return fmt.Errorf("latent: part = %q, want one of %q: a latent model has no others", part, slices.Sorted(maps.Keys(b.hashes)))
		}
	}
	return nil
}

// Hash is made of the SHA-256 of a part's files, its configs among them.
func (b *Base) Hash(part string) string { return b.hashes[part] }

// TextHash is that of all that Tokens and Text depend on: the part "text", and what an empty caption says.
func (b *Base) TextHash() string {
	return fmt.Sprintf("%s, empty zeroed: %t", b.hashes["text"], b.zeroNegative)
}

// Load reads a part's weights below a scope, not to be trained.
func (b *Base) Load(backend compute.Backend, store *model.Store, scope, part string) error {
	if err := b.Want(part); err != nil {
		return err
	}
	load, features := b.loadPart, b.features[part].Load
	if b.outline {
		load, features = b.outlinePart, b.features[part].Outline
	}
	switch part {
	case "teacher":
		return load(backend, store, "unet", scope)
	case "vae":
		return load(backend, store, "vae", scope)
	case "text":
		for i := range b.Texts {
			tower := parts[2+i]
			if err := load(backend, store, tower, scope+"/"+tower); err != nil {
				return err
			}
		}
		return nil
	}
	if err := features(backend, store, scope); err != nil {
		return fmt.Errorf("latent: %w", err)
	}
	return nil
}

// LoadFile reads a student's U-Net, in the file that its training wrote.
func (b *Base) LoadFile(backend compute.Backend, store *model.Store, scope, _, path string) error {
	if err := network.LoadFile(backend, store, scope, path, func(root *model.Scope, g *Graph) { b.declare(root, g, "unet") }); err != nil {
		return fmt.Errorf("latent: %w", err)
	}
	return nil
}

// Build makes a U-Net with initial values.
func (b *Base) Build(backend compute.Backend, store *model.Store, scope, part string) {
	g := NewGraph(backend, part)
	defer g.Finalize()
	model.SetStore(g, store)
	b.declare(store.Scope(scope), g, "unet")
}
