package protocol

import (
	"cmp"
	"context"
	"fmt"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network/weights"
)

// Way is how pictures are drawn from a model.
type Way struct {
	Sampler  diffusion.Sampler
	Steps    int
	Guidance float64 // 0 or 1 for none
	Student  string  // path of a student's weights; "" for the bundle's teacher
	Net      string  // part or variant of the bundle that has the model's architecture; "" for the teacher
}

// FewSteps is the sampling of a student in k steps on the grid of its training times (the paper's timesteps).
func FewSteps(student string, times []int, k int, form diffusion.Form) Way {
	grid := make([]float64, len(times))
	for i, t := range times {
		grid[i] = float64(t) / 1000
	}
	return Way{Sampler: diffusion.FewStep{Times: grid, Form: form}, Steps: k, Student: student}
}

// Painter draws pictures in one way. Making another painter may change the weights of the one before: use one at a time.
type Painter struct {
	judge *Judge
	plan  []diffusion.Step
	easel *easel
	batch int
}

// easel is a compiled generator with its store. Compiling takes longer than most drawings, so that painters share easels.
type easel struct {
	store     *model.Store
	generator *diffusion.Generator
}

// easelKey is what is compiled in.
type easelKey struct {
	batch    int
	guidance float64
	net      string
}

// NewPainter loads the model of a way.
func (j *Judge) NewPainter(way Way, batch int) (*Painter, error) {
	b := j.Bundle
	schedule, err := diffusion.ScheduleByName(b.Config.Schedule)
	if err != nil {
		return nil, err
	}
	plan, err := way.Sampler.Plan(schedule, way.Steps)
	if err != nil {
		return nil, err
	}
	net := cmp.Or(way.Net, "teacher")
	key := easelKey{batch, way.Guidance, net}
	if e := j.easels[key]; e != nil && engine.BakesWeights(j.Backend) {
		e.close()
		delete(j.easels, key)
	}
	e := j.easels[key]
	if e == nil {
		if e, err = j.newEasel(key, schedule); err != nil {
			return nil, err
		}
		if j.easels == nil { // a judge made to draw only
			j.easels = map[easelKey]*easel{}
		}
		j.easels[key] = e
	}
	if way.Student == "" {
		err = b.Load(j.Backend, e.store, "/teacher", net)
	} else {
		err = loadStudent(j, e.store, net, way.Student)
	}
	if err != nil {
		return nil, err
	}
	return &Painter{judge: j, plan: plan, easel: e, batch: batch}, nil
}

func (j *Judge) newEasel(key easelKey, schedule diffusion.Schedule) (*easel, error) {
	b, cfg := j.Bundle, j.Bundle.Config
	store := model.NewStore()
	if err := b.Into(j.Backend, store, "text"); err != nil {
		return nil, err
	}
	build := func(root *model.Scope, ids, null *Node) (diffusion.Denoiser, diffusion.Cond, diffusion.Cond) {
		text := func(ids *Node) diffusion.Cond { return diffusion.EncodeText(root.At("text"), cfg.Networks.Text, ids) }
		return diffusion.NetDenoiser(root.At("teacher"), b.Backbone(key.net), cfg.Prediction), text(ids), text(null)
	}
	generator, err := diffusion.NewGenerator(j.Backend, store, build, diffusion.Generator{
		Schedule: schedule, Size: cfg.Size, Batch: key.batch, Guidance: key.guidance, Null: b.Words.Encode(""),
	})
	if err != nil {
		return nil, err
	}
	return &easel{store, generator}, nil
}

func (e *easel) close() {
	e.generator.Close()
	e.store.Finalize()
}

// loadStudent reads a student of the architecture of a teacher.
func loadStudent(j *Judge, store *model.Store, net, path string) error {
	file, err := weights.Read(path)
	if err != nil {
		return err
	}
	if err := j.Bundle.Check(j.Backend, net, file); err != nil {
		return fmt.Errorf("score: %s: %w", path, err)
	}
	if err := weights.Into(store, "/teacher", file); err != nil {
		return err
	}
	for v := range store.Scope("/teacher").IterVariables() {
		v.SetTrainable(false)
	}
	return nil
}

// Draw returns one picture per caption, flat [n,S,S,3], not clipped, and the time that sampling took. Noise belongs to seed and
// position: the same for every way.
func (p *Painter) Draw(ctx context.Context, captions []string, seed int64) ([]float32, time.Duration, error) {
	size, words := p.judge.Bundle.Config.Size, p.judge.Bundle.Words
	area := size * size * 3
	images := make([]float32, 0, len(captions)*area)
	var spent time.Duration
	for start := 0; start < len(captions); start += p.batch {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		count := min(p.batch, len(captions)-start)
		texts := make([]string, p.batch)
		copy(texts, captions[start:start+count])
		began := time.Now()
		drawn, err := p.easel.generator.Sample(p.plan, words.EncodeAll(texts), func(step int) []float32 {
			noise := make([]float32, 0, p.batch*area)
			for i := range p.batch {
				noise = append(noise, rng.Normal(rng.New(seed, fmt.Sprintf("sample/%d", step), start+i), area)...)
			}
			return noise
		})
		if err != nil {
			return nil, 0, err
		}
		if start > 0 || len(captions) <= p.batch { // the first batch also compiles
			spent += time.Since(began)
		}
		images = append(images, drawn[:count*area]...)
	}
	if full := len(captions); full > p.batch {
		spent = time.Duration(float64(spent) * float64(full) / float64(full-p.batch))
	}
	return images, spent, nil
}
