package points

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Config is how much is trained.
type Config struct {
	TeacherSteps, Steps, Batch int
	Width                      int // of teacher and student
	Seed                       int64
}

// DefaultConfig takes one to two minutes for the teacher, and half a minute for most students, on two cores.
func DefaultConfig() Config {
	return Config{TeacherSteps: 4000, Steps: 1000, Batch: 128, Width: 32, Seed: 1}
}

// Validate returns an error that names a field that cannot work.
func (c Config) Validate() error {
	f := check.Fields{Of: "points"}
	f.Want(c.TeacherSteps >= 1, "teacher steps", c.TeacherSteps, "≥ 1")
	f.Want(c.Steps >= 1, "steps", c.Steps, "≥ 1")
	f.Want(c.Batch >= 1, "batch", c.Batch, "≥ 1")
	f.Want(c.Width >= 2 && c.Width%2 == 0, "width", c.Width, "a multiple of 2, the groups of its norms")
	return f.Err
}

// Lab is a world and a teacher of it.
type Lab struct {
	World   World
	Config  Config
	Bundle  *pretrain.Bundle
	backend compute.Backend
	dir     string
}

// Open trains a teacher of the world. Features of the discriminator are those of a small transformer with random weights: there is nothing in
// a point that another network would have to learn first. Close removes what it writes.
func Open(ctx context.Context, backend compute.Backend, w World, cfg Config, progress *train.Progress) (_ *Lab, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &pretrain.Trainer{Config: cfg.pretrain(), Data: w, Backend: backend}
	if err := c.Prepare(); err != nil {
		return nil, err
	}
	l := &Lab{World: w, Config: cfg, backend: backend}
	if l.dir, err = os.MkdirTemp("", "points"); err != nil {
		return nil, fmt.Errorf("points: %w", err)
	}
	store := model.NewStore()
	defer store.Finalize()
	network.Seed(store, cfg.Seed)
	files := map[string]string{}
	for _, part := range []string{"text", "features"} {
		pretrain.Build(backend, store, part, c.Config)
		if files[part], err = l.write(store, "/"+part, part); err != nil {
			return l, err
		}
	}
	task, err := c.Task("teacher", store)
	if err != nil {
		return l, err
	}
	defer task.Close()
	progress.Begin("teacher", 0, task.Steps)
	for step := 1; step <= task.Steps; step++ {
		if ctx.Err() != nil {
			return l, ctx.Err()
		}
		values, err := task.Step(step)
		if err != nil {
			return l, err
		}
		progress.Step(step, task.Columns, values)
	}
	if files["teacher"], err = l.write(store, "/teacher_ema", "teacher"); err != nil {
		return l, err
	}
	dir := filepath.Join(l.dir, "bundle")
	if err := pretrain.WriteBundle(dir, c, files, nil); err != nil {
		return l, err
	}
	l.Bundle, err = pretrain.LoadBundle(dir)
	return l, err
}

func (l *Lab) write(store *model.Store, scope, part string) (path string, err error) {
	file, err := weights.FromStore(store, scope)
	if err != nil {
		return "", err
	}
	path = filepath.Join(l.dir, part+".safetensors")
	return path, weights.Write(path, file, weights.F32)
}

// Close removes the lab's files.
func (l *Lab) Close() error { return os.RemoveAll(l.dir) }

// pretrain is the bundle's config: a U-Net of one resolution, that is a residual network on a point.
func (c Config) pretrain() pretrain.Config {
	p, err := pretrain.DefaultConfig("smoke")
	if err != nil {
		panic(err) // the preset is there
	}
	p.Data, p.Size, p.Context, p.NegativeShare, p.CaptionDrop, p.EMA = "points", 1, 6, 0, .1, .99
	p.Networks.Text = network.TextConfig{Width: 8, Layers: 1, Heads: 2, Projection: 8}
	p.Networks.UNet = network.UNetConfig{
		InChannels: 3, OutChannels: 3, BlockOutChannels: []int{c.Width}, LayersPerBlock: 2, CrossAttention: []bool{false}, Heads: []int{2},
		TransformerDepth: 1, LinearProjection: true, NormGroups: 2, Stem: 1, PoolDown: true, PlainUp: true,
	}
	none := network.ConvNetConfig{} // nothing else is measured: points are counted
	p.Networks.Tower, p.Networks.Classifier, p.Networks.PairImage = none, none, none
	p.Networks.Features = network.ViTConfig{Patch: 1, Width: 64, Depth: 2, Heads: 2, Stem: "patch"}
	p.TeacherTraining = pretrain.Training{Steps: c.TeacherSteps, Batch: c.Batch, Rate: optim.Rate{Peak: 4e-3, Warmup: 50, Decay: .7, Final: .05}}
	return p
}

// Cell is the config of a cell of an axis in this world: without guidance, as there is one caption, and without augmentation.
func (l *Lab) Cell(cell ablations.Cell) (distill.Config, error) {
	c, err := distill.DefaultConfig("cpu")
	if err != nil {
		return c, err
	}
	c.Seed, c.Muon = l.Config.Seed, false
	c = c.WithSteps(l.Config.Steps).WithBatch(l.Config.Batch)
	c = cell.Config(c)
	c.TeacherGuidance, c.Reduction = 0, distill.Sum
	d := &c.Discriminator
	d.Augment, d.Image, d.Kernel = false, false, 1
	d.Norm = discriminator.NormGroup // statistics over points of one caption that are all the same would pass no gradient
	return c, c.Validate()
}

// Distill trains a student of a config and draws so many points from it.
func (l *Lab) Distill(ctx context.Context, cell ablations.Cell, n int, progress *train.Progress) ([]float64, error) {
	c, err := l.Cell(cell)
	if err != nil {
		return nil, err
	}
	run, err := record.Open(ctx, filepath.Join(l.dir, "runs"), distill.NewRunConfig(c, l.Bundle, l.World), record.Environment{})
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if err := new(distill.Trainer).Train(ctx, distill.Inputs{Config: c, Bundle: l.Bundle, Data: l.World, Backend: l.backend}, run, progress); err != nil {
		return nil, err
	}
	return l.Draw(ctx, pipeline.FewSteps(filepath.Join(run.Dir(), distill.StudentFile), c.Times, max(1, cell.Steps), cell.Form), n)
}

// Draw gives so many points of a model as x₀, y₀, x₁, …
func (l *Lab) Draw(ctx context.Context, s pipeline.Sampling, n int) (at []float64, err error) {
	p := pipeline.New(l.backend, l.Bundle)
	defer p.Close()
	generator, err := p.Generator(s, n)
	if err != nil {
		return nil, err
	}
	captions := make([]string, n)
	for i := range captions {
		captions[i] = caption
	}
	flat, _, err := generator.Draw(ctx, captions, l.Config.Seed+1)
	for i := 0; i+2 < len(flat); i += 3 {
		at = append(at, float64(flat[i]), float64(flat[i+1]))
	}
	return at, err
}
