package distill

import (
	"context"
	"errors"
	"fmt"

	"github.com/addlab/addlab/train"
)

// HeadsHealth is how well heads tell pictures apart: the area under the curve of their logits over pictures, and the gap between real and generated ones.
type HeadsHealth struct{ AUC, Gap float64 }

// ErrNoHeads is returned of a config that has no discriminator.
var ErrNoHeads = errors.New("distill: no discriminator in this config")

// ErrDiffused is returned of a config whose method shows the discriminator diffused pictures: the probe shows clean ones.
var ErrDiffused = errors.New("distill: the discriminator of this method sees diffused pictures")

// ProbeConfig is what ProbeHeads trains of a config: every picture begins at the first time, and nothing is left of what moves the student,
// so that configs which differ in that alone are equal.
func ProbeConfig(cfg Config) Config {
	cfg.Times, cfg.Pure, cfg.PureFrom, cfg.DiscriminatorUpdates = cfg.Times[:1], 0, 0, 2
	cfg.Lambda, cfg.LambdaDecay, cfg.Reconstruct, cfg.Consistency, cfg.Matching = 0, 0, 0, nil, nil
	cfg.Discriminator.StudentTime = false
	if !cfg.Method.diffuses() {
		cfg.Method = nil
	}
	cfg.TeacherGuidance, cfg.TeacherSteps, cfg.StudentRate.Decay, cfg.EMA = 0, 1, 0, 0
	return cfg
}

// ProbeHeads trains the discriminator of a config alone, against the student as it begins: from pure noise a teacher draws blurs, which
// anybody tells from pictures. How soon the heads do says what a student could learn from them, in a fraction of a training. line is
// called with the means of every so many steps.
func ProbeHeads(ctx context.Context, in Inputs, steps, every int, line func(step int, mean HeadsHealth)) error {
	if in.Config.Adversarial == 0 {
		return ErrNoHeads
	}
	if in.Config.Method.diffuses() {
		return ErrDiffused
	}
	in.Config = ProbeConfig(in.Config)
	if err := in.Config.Validate(); err != nil {
		return err
	}
	d, err := open(ctx, in, train.NewProgress(nil))
	if err != nil {
		return err
	}
	defer d.close()
	var sum HeadsHealth
	for step := 1; step <= steps; step++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		alone := d.method.Updates(step)[0]
		batch, err := d.batch(step)
		if err != nil {
			return err
		}
		program, err := d.program(alone)
		if err != nil {
			return err
		}
		losses, err := program.Call(alone.Draw(batch, step))
		if err != nil {
			return fmt.Errorf("distill: probe: %w", err)
		}
		sum.AUC, sum.Gap = sum.AUC+losses["auc_pure"]/float64(every), sum.Gap+losses["gap_pure"]/float64(every)
		if step%every == 0 {
			line(step, sum)
			sum = HeadsHealth{}
		}
	}
	return nil
}
