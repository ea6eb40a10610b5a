// Package teachers opens models that others published as teachers: latent diffusion models in diffusers' layout, and EDM's networks.
package teachers

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/record"
)

// Spec names a teacher, and the features that a discriminator of its students sees through.
type Spec struct {
	Name, Variant, Features, FeaturesNet string
	Size                                 int // side of the pictures; 0 for the teacher's own
}

// featureNets are the networks that Features may hold the weights of.
var featureNets = map[string]network.ViTConfig{
	"dinov2-s": published(network.DINOv2(384, 12)),
	"dinov2-b": published(network.DINOv2(768, 12)),
	"dinov2-l": published(network.DINOv2(1024, 24)),
	"dino-s":   published(network.ViTConfig{ImageSize: 224, Patch: 16, Width: 384, Depth: 12, Heads: 6, Stem: "patch", KeyBias: true}),
}

func published(c network.ViTConfig) network.ViTConfig {
	c.ImageNet = true
	return c
}

func known() []string { return slices.Sorted(maps.Keys(featureNets)) }

// Flags declares --teacher and what goes with it.
func (s *Spec) Flags(f *flag.FlagSet) {
	f.StringVar(&s.Name, "teacher", "", "the model to distil, in diffusers' layout: a `folder`, or OWNER/NAME on the HuggingFace hub; or a file of EDM's, such as edm-cifar10-32x32-cond-vp.pkl")
	f.StringVar(&s.Variant, "variant", "", "`variant` of its weights, such as fp16")
	f.StringVar(&s.Features, "features", "", "`file` with weights of the discriminator's features, as torch.hub or timm name them")
	f.StringVar(&s.FeaturesNet, "features-net", "dinov2-s", "their `network`: "+strings.Join(known(), ", ")+", or a JSON file with the fields of network.ViTConfig")
	f.IntVar(&s.Size, "size", 0, "side of the pictures in `pixels` (default: what the teacher was trained on)")
}

// Check wants flags that go together; features only where something is trained.
func (s Spec) Check(untrained bool) error {
	switch {
	case s.Name == "":
		return errors.New("teacher is missing, want a folder in diffusers' layout, OWNER/NAME on the HuggingFace hub, or a file of EDM's")
	case s.EDM() && s.Variant != "":
		return fmt.Errorf("variant = %q has no effect on a file of EDM's", s.Variant)
	case s.Features == "" && !untrained:
		return fmt.Errorf("features is missing, want a file with weights of %s for the discriminator", s.FeaturesNet)
	}
	return nil
}

// EDM tells whether the teacher is one of EDM's networks, in a file.
func (s Spec) EDM() bool {
	return slices.Contains([]string{".pkl", ".safetensors"}, strings.ToLower(filepath.Ext(s.Name)))
}

// Preset is the config of a method for students of the teacher.
func (s Spec) Preset(method string) (distill.Config, error) {
	cfg, err := distill.LatentConfig(method)
	if s.EDM() { // small pictures, and networks that were not trained without classes, as guidance wants
		cfg.Batch, cfg.Accumulate, cfg.DistillPixels, cfg.TeacherGuidance = 32, 4, false, 0
	}
	return cfg, err
}

// side is that of the pictures.
func (s Spec) side(m *latent.Model) int { return cmp.Or(s.Size, m.Size) }

// featureNet is the network that Features has the weights of.
func (s Spec) featureNet() (network.ViTConfig, error) {
	net, ok := featureNets[s.FeaturesNet]
	if !ok && filepath.Ext(s.FeaturesNet) != ".json" {
		return net, fmt.Errorf("features-net = %q, want one of %q, or a JSON file", s.FeaturesNet, known())
	}
	if !ok {
		return net, record.Edit(s.FeaturesNet, &net)
	}
	return net, nil
}
