package ablations

import (
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/discriminator"
)

// DiscFeatures asks through which network the discriminator should see (ADD Table 1a). The paper's are trained on other pictures by
// others; here each is a small network that this project trains by the same kind of objective. The default cell keeps the features of
// the bundle (views that agree, masked pixels), which no row of the paper has; nor has the paper the last four cells: a control that
// sees through weights as they were drawn, the teacher's own encoder on pictures that are diffused anew, as in LADD (Sauer et al. 2403.12015),
// what projected GANs see through, a network that others trained on a million photographs (Sauer et al. 2111.01007), and that one beside the
// bundle's, as StyleGAN-XL has two (Sauer et al. 2202.00273). c_img stays with the bundle's features in every cell.
var DiscFeatures = register(Axis{
	Name: "disc-features", Title: "Discriminator features", Ref: "ADD Table 1a",
	Question: "Through which frozen network should the discriminator see: of which size, trained by which objective?",
	Cells: []Cell{
		{Name: "vit-s", Default: true},
		{Name: "vit-s-dino", Paper: Paper{FID: 21.5, CLIP: .312}, Set: seesThrough("features-dino-s")},
		{Name: "vit-s-dino2", Paper: Paper{FID: 20.6, CLIP: .319}, Set: seesThrough("features-dino2-s")},
		{Name: "vit-l-dino2", Paper: Paper{FID: 24.0, CLIP: .302}, Set: seesThrough("features-dino2-l")},
		{Name: "vit-l-clip", Paper: Paper{FID: 23.3, CLIP: .308}, Set: seesThrough("features-clip-l")},
		{Name: "vit-s-untrained", Set: seesThrough("features-untrained-s")},
		{Name: "teacher", Set: seesThroughTeacher},
		{Name: "efficientnet-lite0", Set: seesThrough("features-efficientnet-lite0")},
		{Name: "vit-s-and-efficientnet", Set: func(c *distill.Config) { c.FeaturesBeside = "features-efficientnet-lite0" }},
	},
	Against: "vit-s-dino2",
	Claims: []Claim{
		{Text: "a small network is a better discriminator than a large one", Metric: FID, Better: "vit-s-dino2", Worse: "vit-l-dino2"},
		{Text: "a small network is a better discriminator than a large one", Metric: CLIP, Better: "vit-s-dino2", Worse: "vit-l-dino2"},
		{Text: "features of DINOv2 are better than those of DINO", Metric: FID, Better: "vit-s-dino2", Worse: "vit-s-dino"},
		{Text: "features of DINOv2 are better than those of CLIP", Metric: FID, Better: "vit-s-dino2", Worse: "vit-l-clip"},
	},
})

func seesThroughTeacher(c *distill.Config) {
	c.FeaturesNet, c.Discriminator.Renoise = c.Teacher(), &discriminator.Renoise{SD: 1}
}

// seesThrough puts heads on four evenly spaced blocks, however deep the network is. Of EfficientNet-Lite0 these are its maps at four
// resolutions.
func seesThrough(net string) func(*distill.Config) {
	return func(c *distill.Config) { c.FeaturesNet, c.Discriminator.Taps = net, 4 }
}
