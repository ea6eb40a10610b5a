package lessons

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/train"
)

// DistillInputs is what the distillation loss is computed from, at a student that still has the teacher's weights.
type DistillInputs struct {
	X0, Eps *Node                // [B,S,S,3]: the student's picture from pure noise, and the noise that is added to it
	Level   diffusion.Level      // of t, [B] each
	Weight  *Node                // [B]: c(t) = α_t
	Teacher func(xt *Node) *Node // its clean prediction at t
}

// OnStudent computes numbers from a batch of eight captions at rising t.
func (l *Lab) OnStudent(numbers func(in DistillInputs) []*Node) ([]float64, error) {
	e, err := l.Engine()
	if err != nil {
		return nil, err
	}
	cfg, words, store := l.Bundle.Config, l.Bundle.Words, model.NewStore()
	defer store.Finalize()
	if err := l.Bundle.Into(e.Backend, store, "text", "teacher"); err != nil {
		return nil, err
	}
	schedule, err := diffusion.ScheduleByName(cfg.Schedule)
	if err != nil {
		return nil, err
	}
	exec, err := model.NewExec(e.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		ids, noise, eps, pure, at := args[0], args[1], args[2], diffusion.LevelFrom(args[3]), diffusion.LevelFrom(args[4])
		text := diffusion.EncodeText(root.At("text"), cfg.Networks.Text, ids)
		teacher := diffusion.NetDenoiser(root.At("teacher"), l.Bundle.Backbone("teacher"), cfg.Prediction)
		return numbers(DistillInputs{
			X0: Identity(StopGradient(teacher(noise, pure, text))), Eps: eps, Level: at, Weight: at.Alpha,
			Teacher: func(xt *Node) *Node { return teacher(xt, at, text) },
		})
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	captions, _, err := l.prompts(columns)
	if err != nil {
		return nil, err
	}
	n, size := len(captions), cfg.Size
	ones, times := make([]float64, n), make([]float64, n)
	for i := range n {
		ones[i], times[i] = 1, float64(i+1)/float64(n+1)
	}
	normal := func(purpose string) []float32 { return rng.Normal(rng.New(1, purpose, 0), n*size*size*3) }
	return train.Call(exec, train.I32(words.EncodeAll(captions), n, words.Context),
		train.F32(normal("notebook/noise"), n, size, size, 3), train.F32(normal("notebook/eps"), n, size, size, 3),
		train.F32(diffusion.Levels(schedule, ones), n, 3), train.F32(diffusion.Levels(schedule, times), n, 3))
}
