package distill

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/train/optim"
)

// Scopes of the networks in the store.
const (
	textScope          = "text"
	teacherScope       = "teacher"
	featuresScope      = "features" // for c_img, and for the discriminator where it has no other
	otherFeaturesScope = "other_features"
	besideScope        = "features_beside"
	studentScope       = "student"
	studentEMAScope    = "student_ema"
	discriminatorScope = "discriminator"
	fakeScope          = "fake_score"
	vaeScope           = "vae" // of an Autoencoded base
)

// frozenScopes are those of networks that come from files.
var frozenScopes = []string{"/" + textScope, "/" + teacherScope, "/" + featuresScope, "/" + otherFeaturesScope, "/" + besideScope, "/" + vaeScope}

// Teacher is the part or variant of a bundle that teaches.
func (c Config) Teacher() string { return cmp.Or(c.TeacherNet, teacherScope) }

// Student is the part or variant whose architecture the student has.
func (c Config) Student() string { return cmp.Or(c.StudentNet, teacherScope) }

// Features is the part or variant that the discriminator sees through.
func (c Config) Features() string { return cmp.Or(c.FeaturesNet, featuresScope) }

// seesThrough is the scope of the network that the discriminator sees through.
func (c Config) seesThrough() string {
	switch c.Features() {
	case featuresScope:
		return featuresScope
	case c.Teacher():
		return teacherScope
	}
	return otherFeaturesScope
}

// Parts lists what a run of this config reads from a bundle, each once.
func (c Config) Parts() []string {
	var parts []string
	for _, part := range []string{textScope, c.Teacher(), featuresScope, c.Student(), c.Features(), c.FeaturesBeside} {
		if part != "" && !slices.Contains(parts, part) && (part != featuresScope || c.looks()) {
			parts = append(parts, part)
		}
	}
	return parts
}

// looks reports whether a run reads the features. At the scales of built-in networks every run does, by whose weights it is named.
func (c Config) looks() bool {
	return c.Scale != LatentScale || c.Adversarial > 0 && (c.Discriminator.Image || c.Features() == featuresScope || c.FeaturesBeside == featuresScope)
}

// newStore loads the frozen networks, the text encoder if its graph needs it, and creates the student.
func newStore(backend compute.Backend, b Base, cfg Config, reads bool) (*model.Store, error) {
	if err := b.Want(cfg.Parts()...); err != nil {
		return nil, err
	}
	store := model.NewStore()
	network.HalfProducts(store, cfg.Precision == BF16)
	frozen := [][2]string{{teacherScope, cfg.Teacher()}}
	if reads {
		frozen = append(frozen, [2]string{textScope, textScope})
	}
	if cfg.looks() {
		frozen = append(frozen, [2]string{featuresScope, featuresScope})
	}
	if scope := cfg.seesThrough(); scope == otherFeaturesScope && slices.Contains(cfg.Parts(), cfg.Features()) {
		frozen = append(frozen, [2]string{scope, cfg.Features()})
	}
	if cfg.FeaturesBeside != "" {
		frozen = append(frozen, [2]string{besideScope, cfg.FeaturesBeside})
	}
	if _, ok := b.(Autoencoded); ok {
		frozen = append(frozen, [2]string{vaeScope, vaeScope})
	}
	for _, f := range frozen {
		if err := loadFrozen(backend, store, b, cfg, f[0], f[1]); err != nil {
			return nil, err
		}
	}
	if cfg.LoRA > 0 {
		return store, initLoRA(store, cfg)
	}
	if cfg.Init == Random && !outlined(store) { // with the values of a teacher of the seed, which belong to its paths
		network.Seed(store, cfg.Seed)
		fresh := model.NewStore()
		defer fresh.Finalize()
		network.Seed(fresh, cfg.Seed)
		b.Build(backend, fresh, "/"+teacherScope, cfg.Student())
		student, err := weights.FromStore(fresh, "/"+teacherScope)
		if err != nil {
			return nil, err
		}
		return store, weights.Into(store, "/"+studentScope, student)
	}
	if err := b.Load(backend, store, "/"+studentScope, cfg.Student()); err != nil {
		return nil, err
	}
	// A file may hold halves; what trains needs float32.
	if err := convert(backend, store, "/"+studentScope, dtypes.Float32, func(string, []int) bool { return true }); err != nil {
		return nil, err
	}
	for v := range store.Scope("/" + studentScope).IterVariables() {
		v.SetTrainable(true)
	}
	return store, nil
}

// loadFrozen loads a part below a scope, in the precision that a config has for it.
func loadFrozen(backend compute.Backend, store *model.Store, b Base, cfg Config, scope, part string) error {
	if err := b.Load(backend, store, "/"+scope, part); err != nil {
		return err
	}
	return convert(backend, store, "/"+scope, dtypes.BFloat16, func(name string, shape []int) bool { return cfg.Narrows(scope, name, shape) })
}

// networks are the networks of a bundle within a graph.
type networks struct {
	setup
	root   *model.Scope
	passes bool // x̂ comes from the program before this one, and the gradient goes to the next
}

// text is what captions say, of setup.tokens.
func (n networks) text(captions *Node) diffusion.Cond {
	if n.states.there() {
		return n.states.cond(captions)
	}
	return n.base.Text(n.root.At(textScope), captions)
}

// denoiser is that of a part's architecture with the weights below a scope.
func (n networks) denoiser(scope, part string) diffusion.Denoiser {
	net := n.base.Backbone(part)
	return diffusion.Adapt(n.base.Prediction(), func(xt *Node, level diffusion.Level, cond diffusion.Cond) *Node {
		t, pooled := n.base.Told(level, cond)
		return net.Apply(n.root.At("%s", scope), xt, t, cond.Tokens, pooled)
	})
}

func (n networks) student() diffusion.Denoiser {
	if n.passes {
		return func(xt *Node, _ diffusion.Level, _ diffusion.Cond) *Node {
			return n.root.Store().GetVariable(passedPicture).NodeValue(xt.Graph())
		}
	}
	return n.studentOf(studentScope)
}

// predict is x̂_θ of the inputs of a step.
func (n networks) predict(in studentInputs[*Node], text diffusion.Cond) *Node {
	return n.student()(diffusion.Diffuse(in.Real, in.Noise, diffusion.LevelFrom(in.Start)), diffusion.LevelFrom(in.Level), text)
}

// studentOf is a student with the weights below a scope: its own, or their average.
func (n networks) studentOf(scope string) diffusion.Denoiser {
	if n.cfg.LoRA > 0 {
		return n.adapted(scope)
	}
	return n.denoiser(scope, n.cfg.Student())
}

func (n networks) teacher() diffusion.Denoiser { return n.denoiser(teacherScope, n.cfg.Teacher()) }

// fakeScore denoises as if the student's pictures were the data; see Matching.
func (n networks) fakeScore() diffusion.Denoiser { return n.denoiser(fakeScope, n.cfg.Teacher()) }

// guidedTeacher is the teacher with the config's guidance; empty are the tokens of no caption.
func (n networks) guidedTeacher(empty *Node) diffusion.Denoiser {
	if n.cfg.TeacherGuidance == 0 {
		return n.teacher()
	}
	return diffusion.Guide(n.teacher(), n.cfg.TeacherGuidance, n.text(empty))
}

// average is the student's moving average, begun as its copy.
func (n networks) average(g *Graph) diffusion.Denoiser {
	students := optim.Variables(n.root.At(studentScope), g)
	if n.passes { // the graph uses none of them
		students = trained(n.root.Store())
	}
	optim.Copies(g, students, "/"+studentScope, "/"+studentEMAScope)
	return n.studentOf(studentEMAScope)
}

// features is the discriminator's frozen network F: the taps that the heads look at, [B,1+T,C]. A teacher looks at the picture with its
// caption and noise level, as in LADD (Sauer et al. 2403.12015); in place of a class token it gives the mean over its tokens.
func (n networks) features(img *Node, level diffusion.Level, text diffusion.Cond) []*Node {
	scope := n.root.At("%s", n.cfg.seesThrough())
	var all, taps []*Node
	if n.encodes() {
		encoder := n.base.Backbone(n.cfg.Features()).(network.Encoder)
		t, pooled := n.base.Told(level, text)
		for _, h := range encoder.Encode(scope, img, t, text.Tokens, pooled) {
			all = append(all, network.MapTokens(h))
		}
	} else {
		all = n.base.Features(n.cfg.Features()).Taps(scope, img)
	}
	for _, block := range n.cfg.Discriminator.Blocks(len(all) - 1) {
		taps = append(taps, all[block])
	}
	if part := n.cfg.FeaturesBeside; part != "" {
		beside := n.base.Features(part).Taps(n.root.At(besideScope), img)
		for _, block := range n.cfg.Discriminator.Blocks(len(beside) - 1) {
			taps = append(taps, beside[block])
		}
	}
	return taps
}

// encodes reports whether the discriminator sees through a teacher.
func (s setup) encodes() bool {
	return s.base.IsTeacher(s.cfg.Features())
}

// headWidths are the channels of what features gives.
func (s setup) headWidths() ([]int, error) {
	part := s.cfg.Features()
	var all, widths []int
	if s.encodes() {
		encoder, ok := s.base.Backbone(part).(network.Encoder)
		if !ok {
			return nil, fmt.Errorf("distill: features_net = %q is a %T, want a teacher with an encoder (a U-Net) or features", part, s.base.Backbone(part))
		}
		all = encoder.EncodeWidths()
	} else {
		all = s.base.Features(part).Widths()
	}
	for _, block := range s.cfg.Discriminator.Blocks(len(all) - 1) {
		widths = append(widths, all[block])
	}
	if part := s.cfg.FeaturesBeside; part != "" {
		if s.encodes() || s.base.IsTeacher(part) {
			return nil, fmt.Errorf("distill: features_beside = %q with features_net = %q, want no teacher among them", part, s.cfg.Features())
		}
		beside := s.base.Features(part)
		if side := beside.Side(); side != 0 && side != s.featuresSide() {
			return nil, fmt.Errorf("distill: features_beside = %q sees pictures of %d×%[2]d, want the %d×%[3]d of %q", part, side, s.featuresSide(), s.cfg.Features())
		}
		for _, block := range s.cfg.Discriminator.Blocks(len(beside.Widths()) - 1) {
			widths = append(widths, beside.Widths()[block])
		}
	}
	return widths, nil
}

// picture is what the features see of samples [B,H,W,Z]: decoded, but for a teacher's.
func (n networks) picture(x *Node) *Node {
	if a, ok := n.base.(Autoencoded); ok && !n.encodes() {
		return a.Decode(n.root.At(vaeScope), x)
	}
	return x
}

// original is picture of the real samples.
func (n networks) original(in studentInputs[*Node]) *Node {
	if in.Picture != nil && !n.encodes() {
		return in.Picture
	}
	return in.Real
}

// imageEmbedding is c_img, the class token of the real picture.
func (n networks) imageEmbedding(in studentInputs[*Node]) *Node {
	img := in.Real
	if in.Picture != nil {
		img = in.Picture
	}
	if size := n.base.ImageEncoder().ImageSize; img.Shape().Dim(1) != size {
		img = discriminator.Resize(img, size)
	}
	return network.ViT(n.root.At(featuresScope), n.base.ImageEncoder(), img, nil).Class()
}
