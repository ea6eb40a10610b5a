package distill

import "github.com/addlab/addlab/record"

// Health is a line of health.jsonl.
type Health struct {
	RealAccuracy record.Number `json:"acc_real"`
	FakeAccuracy record.Number `json:"acc_fake"`
	LogitGap     record.Number `json:"logit_gap"` // mean logit on real less that on generated pictures
	PureAUC      record.Number `json:"auc_pure"`  // image-wise, of the pictures that were drawn from pure noise
	PureGap      record.Number `json:"gap_pure"`  // the logit gap of those
	StudentGrad  record.Number `json:"student_grad"`
	HeadsGrad    record.Number `json:"d_grad"`
	GradRatio    record.Number `json:"adv_to_distill"` // sizes of the two terms' gradients at x̂
	PixelVar     record.Number `json:"pixel_var"`
	Warnings     []string      `json:"warnings,omitempty"`
}

// newHealth judges the means of the losses since the line before: the losses of a GAN do not show whether its training is sound.
func newHealth(mean map[string]float64, adversarial bool) Health {
	v := Health{
		RealAccuracy: record.Number(mean["acc_real"]), FakeAccuracy: record.Number(mean["acc_fake"]),
		LogitGap: record.Number(mean["logit_real"] - mean["logit_fake"]),
		PureAUC:  record.Number(mean["auc_pure"]), PureGap: record.Number(mean["gap_pure"]),
		StudentGrad: record.Number(mean["student_grad"]), HeadsGrad: record.Number(mean["d_grad"]),
		PixelVar: record.Number(mean["pixel_var"]),
	}
	if mean["distill_grad"] > 0 {
		v.GradRatio = record.Number(mean["adv_grad"] / mean["distill_grad"])
	}
	both := func(test func(float64) bool) bool { return test(mean["acc_real"]) && test(mean["acc_fake"]) }
	if adversarial && both(func(a float64) bool { return a > 0.95 }) {
		v.Warnings = append(v.Warnings, "the discriminator tells real from generated in over 95 % of both: it may be too strong")
	}
	// Few tokens right do not make it weak: averaged over a picture, they may tell every one.
	if adversarial && both(func(a float64) bool { return a < 0.55 }) && mean["auc_pure"] < 0.6 {
		v.Warnings = append(v.Warnings, "the discriminator is right in less than 55 % of both, and tells pictures hardly better: it may be too weak")
	}
	if mean["pixel_var"] < 0.01 {
		v.Warnings = append(v.Warnings, "all generated pictures look the same")
	}
	return v
}
