package distill

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// Pairs are noise and what the teacher draws from it: (ε, x₀ = ODE(ε | caption)), by a sampler that adds no noise, with
// Config.TeacherGuidance. Pair i has the caption of training picture i.
type Pairs struct {
	Count   int    `json:"count"`
	Sampler string `json:"sampler"`
	Steps   int    `json:"steps"`
	Seed    int64  `json:"seed"` // of the noise, and not the run's: all seeds of a cell share the pairs
}

// DefaultPairs are those of the teacher as it is measured.
var DefaultPairs = Pairs{Count: 2048, Sampler: diffusion.DPMSolverPP2M{}.Name(), Steps: 25, Seed: 1}

// pairBlock is the number of pairs in a file; a set has at most maxPairs.
const pairBlock, maxPairs = 64, 1 << 17

func (p Pairs) validate(f *check.Fields) {
	f.Want(p.Count >= pairBlock && p.Count <= maxPairs && p.Count%pairBlock == 0, "pairs.count", p.Count, fmt.Sprintf("a multiple of %d up to %d", pairBlock, maxPairs))
	f.Want(p.Steps >= 1, "pairs.steps", p.Steps, "≥ 1")
	sampler, err := diffusion.SamplerByName(p.Sampler)
	f.Also(err)
	if err == nil && p.Steps >= 1 {
		plan, err := sampler.Plan(diffusion.Cosine{}, p.Steps)
		f.Also(err)
		f.Want(!slices.ContainsFunc(plan, func(s diffusion.Step) bool { return s.Noise != 0 }), "pairs.sampler", p.Sampler, "one that adds no noise")
	}
}

// noise is ε of pair i, so many values.
func (p Pairs) noise(i, values int) []float32 {
	return pipeline.Noise(p.blockSeed(i/pairBlock), 0, i%pairBlock, values)
}

func (p Pairs) blockSeed(block int) int64 { return rng.New(p.Seed, "distill/pairs", block).Int64() }

// pairSet is Pairs of one teacher: a source whose sample i is x₀ and the caption of pair i. It is held in memory.
type pairSet struct {
	Pairs
	captions dataset.Source
	size     int       // of pictures
	values   int       // of what is diffused for one
	x0       []float32 // [Count,values], in half precision
}

var _ dataset.Source = (*pairSet)(nil)

// Len implements dataset.Source.
func (p *pairSet) Len() int { return p.Count }

// Sample implements dataset.Source.
func (p *pairSet) Sample(i int) (dataset.Sample, error) {
	s, err := p.captions.Sample(i % p.captions.Len())
	s.Image = dataset.Image{Size: p.size, Pix: p.clean(i)}
	return s, err
}

// clean is x₀ of pair i.
func (p *pairSet) clean(i int) []float32 { return p.x0[i*p.values : (i+1)*p.values] }

// open reads the pairs of a teacher from a folder, and makes those that are not there: block by block, so that a set that was
// interrupted continues. What a block's values are depends on the set's name alone, up to the rounding of the engine that makes it.
func (p Pairs) open(ctx context.Context, dir string, in Inputs, progress *train.Progress) (*pairSet, error) {
	if dir == "" {
		var err error
		if dir, err = download.Dir("pairs"); err != nil {
			return nil, fmt.Errorf("distill: no cache folder for the teacher's pairs: %w", err)
		}
	}
	base, teacher := in.Bundle, in.Config.Teacher()
	s, err := newSetup(in.Config, base)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{
		"format": 1, "teacher": base.Hash(teacher), "text": base.Hash(textScope), "data": in.Data.Hash(), "guidance": in.Config.TeacherGuidance,
		"schedule": s.schedule.Name(), "prediction": base.Prediction(), "sampler": p.Sampler, "steps": p.Steps, "seed": p.Seed,
	}
	if _, latents := base.(Autoencoded); latents { // teachers of latents draw any size
		fields["size"] = base.Size()
	}
	name, err := record.Hash(fields)
	if err != nil {
		return nil, err
	}
	set := &pairSet{Pairs: p, captions: in.Data.Train(), size: base.Size(), values: s.values()}
	own := filepath.Join(dir, name)
	if err := os.MkdirAll(own, 0o777); err != nil {
		return nil, fmt.Errorf("distill: pairs: %w", err)
	}
	if err := forgetPairs(dir, own, pairsLimit); err != nil {
		return nil, fmt.Errorf("distill: pairs: %w", err)
	}
	draw := pairDrawer{p: p, teacher: teacher, guidance: in.Config.TeacherGuidance, base: base, backend: in.Backend}
	defer draw.close()
	blocks := p.Count / pairBlock
	progress.Begin("pairs", 0, blocks)
	for block := range blocks {
		path := filepath.Join(own, fmt.Sprintf("%05d.safetensors", block))
		if _, err := os.Stat(path); os.IsNotExist(err) {
			var captions []string
			for i := range pairBlock {
				caption, err := dataset.Caption(set.captions, (block*pairBlock+i)%set.captions.Len())
				if err != nil {
					return nil, err
				}
				captions = append(captions, caption)
			}
			if err := draw.block(ctx, path, block, captions); err != nil {
				return nil, fmt.Errorf("distill: pairs: %w", err)
			}
		}
		// Read whether it was there or not, so that both are rounded alike.
		file, err := weights.Read(path)
		if err != nil {
			return nil, fmt.Errorf("distill: pairs: %w: remove %s", err, path)
		}
		x0 := file.Tensors["x0"].Data
		if want := pairBlock * set.values; len(x0) != want {
			return nil, fmt.Errorf("distill: pairs: %s has %d values, want %d: remove it", path, len(x0), want)
		}
		set.x0 = append(set.x0, x0...)
		progress.Step(block+1, nil, nil)
	}
	progress.End()
	return set, nil
}

// paired is what methods have whose batches are pairs.
type paired struct {
	pairs  Pairs
	beside bool // batches have the data set's pictures of the same captions beside the teacher's, as they always do where latents are diffused
	set    *pairSet
}

var _ sourced = &paired{}

// newPaired makes methods of pairs for a base.
func newPaired(pairs Pairs, beside bool, b Base) paired {
	_, latents := b.(Autoencoded)
	return paired{pairs: pairs, beside: beside || latents}
}

func (p *paired) source(ctx context.Context, in Inputs, progress *train.Progress) (source dataset.Source, err error) {
	if p.set, err = p.pairs.open(ctx, in.Pairs, in, progress); err == nil && p.beside {
		return captioned{in.Data.Train(), p.set.Count}, nil
	}
	return p.set, err
}

// outline makes batches of pairs, of which only the shape is known.
func (p *paired) outline(s setup) {
	p.set = &pairSet{Pairs: p.pairs, size: s.base.Size(), values: s.values(), x0: make([]float32, s.cfg.Batch*s.values())}
}

// captioned are the pictures of a source whose captions pairs have.
type captioned struct {
	dataset.Source
	pairs int
}

// Len implements dataset.Source.
func (c captioned) Len() int { return c.pairs }

// Sample implements dataset.Source.
func (c captioned) Sample(i int) (dataset.Sample, error) { return c.Source.Sample(i % c.Source.Len()) }

// Caption implements dataset.Captioned.
func (c captioned) Caption(i int) (string, error) { return dataset.Caption(c.Source, i%c.Source.Len()) }

// pictures is a batch whose x₀ are the teacher's.
func (p *paired) pictures(b dataset.Batch) dataset.Batch {
	if p.beside {
		for _, i := range b.Indices {
			b.Latents = append(b.Latents, p.set.clean(i)...)
		}
	}
	return b
}

// noise is that of a batch.
func (p *paired) noise(b dataset.Batch) (noise []float32) {
	for _, i := range b.Indices {
		noise = append(noise, p.pairs.noise(i, p.set.values)...)
	}
	return noise
}

// pairDrawer draws x₀ of pairs; it compiles the teacher when it first has to.
type pairDrawer struct {
	p        Pairs
	teacher  string
	guidance float64
	base     Base
	backend  compute.Backend

	networks *pipeline.Pipeline
	drawing  *pipeline.Generator
}

func (d *pairDrawer) block(ctx context.Context, path string, block int, captions []string) error {
	if d.drawing == nil {
		sampler, err := diffusion.SamplerByName(d.p.Sampler)
		if err != nil {
			return err
		}
		d.networks = pipeline.New(d.backend, d.base)
		d.drawing, err = d.networks.Generator(pipeline.Sampling{Sampler: sampler, Steps: d.p.Steps, Guidance: d.guidance}.For(d.teacher), pipeline.Batch(d.base, pairBlock))
		if err != nil {
			return err
		}
	}
	x0, side, channels, err := d.drawing.Diffuse(ctx, captions, d.p.blockSeed(block))
	if err != nil {
		return err
	}
	return weights.Write(path, &weights.File{Tensors: map[string]weights.Tensor{"x0": {Shape: []int{pairBlock, side, side, channels}, Data: x0}}}, weights.F16)
}

func (d *pairDrawer) close() {
	if d.networks != nil {
		d.networks.Close()
	}
}

// pairsLimit is how many bytes of other sets stay beside the one in use.
const pairsLimit = 4 << 30

// forgetPairs marks a set as used now, and removes others, the longest unused first, until what is left of them is within limit.
func forgetPairs(dir, own string, limit int64) error {
	now := time.Now()
	if err := os.Chtimes(own, now, now); err != nil {
		return err
	}
	type set struct {
		path string
		used time.Time
		size int64
	}
	var sets []set
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || filepath.Join(dir, e.Name()) == own {
			continue // another process may have removed it
		}
		s := set{path: filepath.Join(dir, e.Name()), used: info.ModTime()}
		err = filepath.WalkDir(s.path, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if info, err := d.Info(); err == nil {
					s.size += info.Size()
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		sets, limit = append(sets, s), limit-s.size
	}
	slices.SortFunc(sets, func(a, b set) int { return a.used.Compare(b.used) })
	for _, s := range sets {
		if limit >= 0 {
			break
		}
		if err := os.RemoveAll(s.path); err != nil {
			return err
		}
		limit += s.size
	}
	return nil
}
