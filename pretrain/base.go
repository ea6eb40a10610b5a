package pretrain

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
)

// What a student of the bundle's teacher is distilled from; see distill.Base.

// Size is the side of the pictures.
func (b *Bundle) Size() int { return b.Config.Size }

// Schedule is the teacher's.
func (b *Bundle) Schedule() (diffusion.Schedule, error) {
	return diffusion.ScheduleByName(b.Config.Schedule)
}

// Prediction is what the teacher outputs.
func (b *Bundle) Prediction() diffusion.Prediction { return b.Config.Prediction }

// UnitNoise tells that the built-in samplers begin at noise of size 1.
func (b *Bundle) UnitNoise(bool) bool { return true }

// NegativeCaption is that of blurred pictures.
func (b *Bundle) NegativeCaption() string { return b.Config.NegativeCaption }

// Tokens are captions as the text encoder reads them, flat [B,L].
func (b *Bundle) Tokens(captions []string) (ids []int32, length int) {
	return b.Words.EncodeAll(captions), b.Words.Context
}

// Text runs the text encoder below scope on ids [B,L].
func (b *Bundle) Text(scope *model.Scope, ids *Node) diffusion.Cond {
	return diffusion.EncodeText(scope, b.Config.Networks.Text, ids)
}

// TextWidth is the width of a pooled caption.
func (b *Bundle) TextWidth() int { return b.Config.Networks.Text.Projection }

// Told is what a teacher is told: t in thousandths [B], and the pooled caption.
func (b *Bundle) Told(l diffusion.Level, c diffusion.Cond) (t, pooled *Node) {
	return MulScalar(l.T, 1000.0), c.Pooled
}

// IsTeacher reports whether a part is the teacher or a variant of it.
func (b *Bundle) IsTeacher(part string) bool {
	return part == "teacher" || b.Variants[part].Part == "teacher"
}

// ImageEncoder is the architecture of the bundle's own features.
func (b *Bundle) ImageEncoder() network.ViTConfig { return b.Config.Networks.Features }

// Hash is the SHA-256 of a part's weights.
func (b *Bundle) Hash(part string) string { return b.Files[part] }
