package distill

import (
	"cmp"
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
	frozen := [][2]string{{textScope, textScope}, {featuresScope, featuresScope}, {teacherScope, cfg.Teacher()}, {otherFeaturesScope, cfg.Features()}}
	if cfg.Features() == featuresScope {
		frozen = frozen[:3]
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

// features is the discriminator's frozen network F: the taps that the heads look at.
func (n networks) features(img *Node) []*Node {
	scope, vit := featuresScope, n.bundle.Features(n.cfg.Features())
	if n.cfg.Features() != featuresScope {
		scope = otherFeaturesScope
	}
	all := network.ViT(n.root.At("%s", scope), vit, img, nil).Taps
	var taps []*Node
	for _, block := range n.cfg.Discriminator.Blocks(vit.Depth) {
		taps = append(taps, all[block])
	}
	return taps
}

// imageEmbedding is c_img, the class token of the real picture.
func (n networks) imageEmbedding(img *Node) *Node {
	return network.ViT(n.root.At(featuresScope), n.bundle.Config.Networks.Features, img, nil).Class()
}
