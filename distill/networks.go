package distill

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train/optim"
)

// Scopes of the networks in the store.
const (
	textScope          = "text"
	teacherScope       = "teacher"
	featuresScope      = "features" // for c_img, and for the discriminator where it has no other
	otherFeaturesScope = "other_features"
	studentScope       = "student"
	studentEMAScope    = "student_ema"
	discriminatorScope = "discriminator"
	fakeScope          = "fake_score"
)

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
	for _, part := range []string{textScope, c.Teacher(), featuresScope, c.Student(), c.Features()} {
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

// newStore loads the frozen networks and creates the student.
func newStore(backend compute.Backend, b *pretrain.Bundle, cfg Config) (*model.Store, error) {
	if err := b.Want(cfg.Parts()...); err != nil {
		return nil, err
	}
	store := model.NewStore()
	frozen := [][2]string{{textScope, textScope}, {featuresScope, featuresScope}, {teacherScope, cfg.Teacher()}}
	if scope := cfg.seesThrough(); scope == otherFeaturesScope {
		frozen = append(frozen, [2]string{scope, cfg.Features()})
	}
	for _, f := range frozen {
		if err := b.Load(backend, store, "/"+f[0], f[1]); err != nil {
			return nil, err
		}
	}
	if cfg.Init == Random { // with the values of a teacher of the seed, which belong to its paths
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
	for v := range store.Scope("/" + studentScope).IterVariables() {
		v.SetTrainable(true)
	}
	return store, nil
}

// networks are the networks of a bundle within a graph.
type networks struct {
	setup
	root *model.Scope
}

func (n networks) text(ids *Node) diffusion.Cond {
	return diffusion.EncodeText(n.root.At(textScope), n.bundle.Config.Networks.Text, ids)
}

func (n networks) student() diffusion.Denoiser {
	return diffusion.NetDenoiser(n.root.At(studentScope), n.bundle.Backbone(n.cfg.Student()), n.bundle.Config.Prediction)
}

func (n networks) teacher() diffusion.Denoiser {
	return diffusion.NetDenoiser(n.root.At(teacherScope), n.bundle.Backbone(n.cfg.Teacher()), n.bundle.Config.Prediction)
}

// fakeScore denoises as if the student's pictures were the data; see Matching.
func (n networks) fakeScore() diffusion.Denoiser {
	return diffusion.NetDenoiser(n.root.At(fakeScope), n.bundle.Backbone(n.cfg.Teacher()), n.bundle.Config.Prediction)
}

// guidedTeacher is the teacher with the config's guidance; empty are the tokens of no caption, [1,L].
func (n networks) guidedTeacher(empty *Node) diffusion.Denoiser {
	if n.cfg.TeacherGuidance == 0 {
		return n.teacher()
	}
	return diffusion.Guide(n.teacher(), n.cfg.TeacherGuidance, n.text(empty))
}

// average is the student's moving average, begun as its copy.
func (n networks) average(g *Graph) diffusion.Denoiser {
	optim.Copies(g, optim.Variables(n.root.At(studentScope), g), "/"+studentScope, "/"+studentEMAScope)
	return diffusion.NetDenoiser(n.root.At(studentEMAScope), n.bundle.Backbone(n.cfg.Student()), n.bundle.Config.Prediction)
}

// features is the discriminator's frozen network F: the taps that the heads look at, [B,1+T,C]. A teacher looks at the picture with its
// caption and noise level, as in LADD (Sauer et al. 2403.12015); in place of a class token it gives the mean over its tokens.
func (n networks) features(img *Node, level diffusion.Level, text diffusion.Cond) []*Node {
	scope := n.root.At("%s", n.cfg.seesThrough())
	var all, taps []*Node
	if n.encodes() {
		encoder := n.bundle.Backbone(n.cfg.Features()).(network.Encoder)
		for _, h := range encoder.Encode(scope, img, MulScalar(level.T, 1000.0), text.Tokens, text.Pooled) {
			all = append(all, network.MapTokens(h))
		}
	} else {
		all = n.bundle.Features(n.cfg.Features()).Taps(scope, img)
	}
	for _, block := range n.cfg.Discriminator.Blocks(len(all) - 1) {
		taps = append(taps, all[block])
	}
	return taps
}

// encodes reports whether the discriminator sees through a teacher.
func (s setup) encodes() bool {
	part := s.cfg.Features()
	return part == teacherScope || s.bundle.Variants[part].Part == teacherScope
}

// headWidths are the channels of what features gives.
func (s setup) headWidths() ([]int, error) {
	part := s.cfg.Features()
	var all, widths []int
	if s.encodes() {
		encoder, ok := s.bundle.Backbone(part).(network.Encoder)
		if !ok {
			return nil, fmt.Errorf("distill: features_net = %q is a %T, want a teacher with an encoder (a U-Net) or features", part, s.bundle.Backbone(part))
		}
		all = encoder.EncodeWidths()
	} else {
		all = s.bundle.Features(part).Widths()
	}
	for _, block := range s.cfg.Discriminator.Blocks(len(all) - 1) {
		widths = append(widths, all[block])
	}
	return widths, nil
}

// imageEmbedding is c_img, the class token of the real picture.
func (n networks) imageEmbedding(img *Node) *Node {
	return network.ViT(n.root.At(featuresScope), n.bundle.Config.Networks.Features, img, nil).Class()
}
