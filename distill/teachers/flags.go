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
)

// Spec names a teacher, and the networks that discriminators of its students see through.
type Spec struct {
	Name, Variant, Features, FeaturesNet string
	Others                               string // further networks to see through: NAME=FILE,…
	Size                                 int    // side of the pictures; 0 for the teacher's own
}

// Flags declares --teacher and what goes with it.
func (s *Spec) Flags(f *flag.FlagSet) {
	f.StringVar(&s.Name, "teacher", "", "the model to distil, in diffusers' layout: a `folder`, or OWNER/NAME on the HuggingFace hub; or a file of EDM's, such as edm-cifar10-32x32-cond-vp.pkl")
	f.StringVar(&s.Variant, "variant", "", "`variant` of its weights, such as fp16")
	f.StringVar(&s.Features, "features", "", "`file` with weights of the discriminator's features, as torch.hub or timm name them")
	f.StringVar(&s.FeaturesNet, "features-net", "dinov2-s", "their `network`: "+strings.Join(slices.Sorted(maps.Keys(vits)), ", ")+", or a JSON file with the fields of network.ViTConfig")
	f.StringVar(&s.Others, "other-features", "", "`NAME=FILE,…` of further networks, for cells of disc-features and as features_net \"features-NAME\": "+strings.Join(otherNames(), ", ")+", which is fetched where no file is named")
	f.IntVar(&s.Size, "size", 0, "side of the pictures in `pixels` (default: what the teacher was trained on)")
}

// Check wants flags that go together.
func (s Spec) Check() error {
	switch {
	case s.Name == "":
		return errors.New("teacher is missing, want a folder in diffusers' layout, OWNER/NAME on the HuggingFace hub, or a file of EDM's")
	case s.EDM() && s.Variant != "":
		return fmt.Errorf("variant = %q has no effect on a file of EDM's", s.Variant)
	}
	return nil
}

// CheckFeatures wants the networks that students of a config look through. It opens nothing.
func (s Spec) CheckFeatures(cfg distill.Config) error {
	if slices.Contains(cfg.Parts(), mainFeatures) && s.Features == "" {
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
