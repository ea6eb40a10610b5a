package pretrain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/internal/named"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train/optim"
)

// Objectives of feature networks.
const (
	DINO  = "dino"  // self-distillation of views
	DINO2 = "dino2" // self-distillation of views and of masked patches
	CLIP  = "clip"  // contrast with captions

	Untrained = "untrained" // none: random initial weights, a control
)

// Variant replaces a part of a bundle in some cells of an ablation: other features for the discriminator, or another teacher.
// Exactly one architecture is given.
type Variant struct {
	Name      string              `json:"name"`
	Part      string              `json:"part"` // the part that it replaces: "features" or "teacher"
	About     string              `json:"about"`
	Objective string              `json:"objective,omitempty"` // of features: DINO, DINO2, CLIP or Untrained
	ViT       *network.ViTConfig  `json:"vit,omitempty"`
	UNet      *network.UNetConfig `json:"unet,omitempty"`
	DiT       *network.DiTConfig  `json:"dit,omitempty"`
	Training  Training            `json:"training"`
}

// Backbone is the architecture of a teacher.
func (v Variant) Backbone() network.Backbone {
	if v.DiT != nil {
		return *v.DiT
	}
	return *v.UNet
}

// Validate returns an error that names a field that cannot work.
func (v Variant) Validate() error {
	f, teacher, vit := check.Fields{Of: "pretrain: variant " + v.Name}, v.Part == "teacher", v.ViT != nil
	f.Want(strings.HasPrefix(v.Name, v.Part+"-") && !strings.ContainsAny(v.Name, `/\ `), "name", v.Name, "a word that begins with "+v.Part+"-")
	f.Want(v.Part == "features" || teacher, "part", v.Part, "features or teacher")
	f.Want(teacher || vit && v.UNet == nil && v.DiT == nil, "vit", v.ViT, "a vision transformer and nothing else for features")
	f.Want(teacher || slices.Contains([]string{DINO, DINO2, CLIP, Untrained}, v.Objective), "objective", v.Objective, DINO+", "+DINO2+", "+CLIP+" or "+Untrained)
	f.Want(v.Objective != Untrained || v.Training == Training{}, "training", v.Training, "none for untrained features")
	f.Want(!teacher || !vit && (v.UNet == nil) != (v.DiT == nil), "unet, dit", fmt.Sprint(v.UNet, ", ", v.DiT), "one of both for a teacher")
	if v.Objective != Untrained {
		f.Also(v.Training.Validate(v.Name))
	}
	switch {
	case f.Err != nil:
		return f.Err
	case vit:
		return v.ViT.Validate()
	}
	return v.Backbone().Validate()
}

// DefaultVariants are the further networks of the ablations, next to a bundle of the same scale: the discriminator's features
// of ADD Table 1a with a control, the larger teacher of Table 1e, and a transformer as teacher. Small and large features differ in
// width and depth. With names it lists those alone.
func DefaultVariants(scale string, cfg Config, names ...string) ([]Variant, error) {
	if _, err := DefaultConfig(scale); err != nil {
		return nil, err
	}
	small, large := cfg.Networks.Features, cfg.Networks.Features
	large.Width, large.Depth, large.Heads = small.Width*3/2, 2*small.Depth, small.Heads*3/2
	unet, dit := cfg.Networks.UNet, network.TinyDiT(cfg.Networks.Text.Width)
	unet.BlockOutChannels = nil
	for _, width := range cfg.Networks.UNet.BlockOutChannels {
		groups := max(unet.NormGroups, 1)
		unet.BlockOutChannels = append(unet.BlockOutChannels, (width*3/2+groups-1)/groups*groups)
	}
	dit.SampleSize, dit.PooledDim = cfg.Size, cfg.Networks.Text.Projection
	features := Training{Steps: 1500, Batch: 32, Rate: optim.Rate{Peak: 1e-3, Warmup: 100, Decay: 0.5, Final: 0.01}, Muon: true}
	clip, teacher := features, cfg.TeacherTraining
	clip.Batch = 64
	switch scale {
	case "smoke":
		large.Width, large.Heads = 40, small.Heads
		dit.Width, dit.Depth, dit.Heads = 16, 1, 2
		features.Steps, features.Batch, features.Rate.Warmup, features.Muon = 4, 8, 1, false
		clip = features
		teacher.Steps, teacher.Batch, teacher.Rate.Warmup = min(teacher.Steps, features.Steps), features.Batch, features.Rate.Warmup // of a larger bundle too
	case "gpu":
		dit.Width, dit.Depth, dit.Heads = 384, 12, 6
		features.Steps, features.Batch, features.Muon = 20000, 128, false
		clip = features
		clip.Batch = 256
	}
	vit := func(net network.ViTConfig, scaled bool) *network.ViTConfig { net.LayerScale = scaled; return &net }
	all := []Variant{
		{Name: "features-dino-s", Part: "features", About: "small, self-distillation (DINO)", Objective: DINO, ViT: vit(small, false), Training: features},
		{Name: "features-dino2-s", Part: "features", About: "small, self-distillation and masked patches (DINOv2)", Objective: DINO2, ViT: vit(small, true), Training: features},
		{Name: "features-dino2-l", Part: "features", About: "large, self-distillation and masked patches (DINOv2)", Objective: DINO2, ViT: vit(large, true), Training: features},
		{Name: "features-clip-l", Part: "features", About: "large, contrast with captions (CLIP)", Objective: CLIP, ViT: vit(large, false), Training: clip},
		{Name: "features-untrained-s", Part: "features", About: "small, weights as they were drawn (a control)", Objective: Untrained, ViT: vit(small, false)},
		{Name: "teacher-l", Part: "teacher", About: "U-Net, half as wide again", UNet: &unet, Training: teacher},
		{Name: "teacher-dit", Part: "teacher", About: "transformer that costs as much as the U-Net", DiT: &dit, Training: teacher},
	}
	for _, name := range names {
		if _, err := named.Find("pretrain: variants", name, all, func(v Variant) string { return v.Name }); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(all, func(v Variant) bool { return names != nil && !slices.Contains(names, v.Name) }), nil
}
