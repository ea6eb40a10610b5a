package teachers

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network/weights"
)

// Teacher is what is distilled, and how its students are saved.
type Teacher struct {
	distill.Base
	Guidance float64 // at which it usually draws; 0 for none

	check   func(data dataset.Dataset) error
	affords func(cfg distill.Config, endless bool, memory float64) error
	suits   func(cfg distill.Config) error
	fits    func(cfg distill.Config) error
	save    func(backend compute.Backend, out string, cfg distill.Config, student *weights.File, further ...string) error
}

// Check wants captions that the teacher knows.
func (t Teacher) Check(data dataset.Dataset) error { return t.check(data) }

// Suits wants a config that can be trained on the teacher.
func (t Teacher) Suits(cfg distill.Config) error {
	if name, ok := strings.CutPrefix(cfg.Features(), otherFeatures); ok && slices.Contains(otherNames(), name) && t.Want(cfg.Features()) != nil {
		return fmt.Errorf("features_net = %q, want --other-features %s=FILE beside it", cfg.FeaturesNet, name)
	}
	if err := distill.Suits(cfg, t.Base); err != nil {
		return err
	}
	return t.suits(cfg)
}

// Fits wants a config whose student can be saved, too.
func (t Teacher) Fits(cfg distill.Config) error {
	if err := t.Suits(cfg); err != nil {
		return err
	}
	return t.fits(cfg)
}

// Affords wants a training on data that so many bytes of memory can hold, 0 for any, before anything of it is loaded.
func (t Teacher) Affords(cfg distill.Config, data dataset.Dataset, memory float64) error {
	return t.affords(cfg, data.Train().Len() == math.MaxInt, memory)
}

// Save writes a student as a new model, further files beside it.
func (t Teacher) Save(backend compute.Backend, out string, cfg distill.Config, student *weights.File, further ...string) error {
	return t.save(backend, out, cfg, student, further...)
}

// Open opens the teacher; note is told what is fetched.
func (s Spec) Open(ctx context.Context, note func(format string, args ...any)) (Teacher, error) {
	if s.EDM() {
		return s.openEDM(ctx, note)
	}
	m, err := latent.Open(ctx, s.Name, latent.Options{Variant: s.Variant, Note: note})
	if err != nil {
		return Teacher{}, err
	}
	features, err := s.featureFiles(ctx, s.side(m), note)
	if err != nil {
		return Teacher{}, err
	}
	b, err := latent.NewBase(m, s.side(m), features)
	return Teacher{
		Base: b, Guidance: m.UsualGuidance(),
		check: func(dataset.Dataset) error { return nil },
		affords: func(cfg distill.Config, endless bool, memory float64) error {
			return affords(latentTensors(m), cfg, endless, memory)
		},
		suits: func(distill.Config) error { return nil },
		fits:  func(cfg distill.Config) error { return divides(m, grid(cfg)) },
		save: func(backend compute.Backend, out string, cfg distill.Config, student *weights.File, further ...string) error {
			return m.Save(backend, out, student, latent.FewSteps(grid(cfg), cfg.Form()), further...)
		},
	}, err
}

// grid is that of consistency distillation, 0 for none.
func grid(cfg distill.Config) int {
	if cfg.Consistency == nil {
		return 0
	}
	return cfg.Consistency.Grid
}

// divides wants a grid that LCM's scheduler draws on whole; 0 is none.
func divides(m *latent.Model, grid int) error {
	if grid == 0 {
		return nil
	}
	s, err := m.Levels()
	if n := s.Timesteps(); err == nil && n%grid != 0 { // it would leave out the last ones
		err = fmt.Errorf("consistency.grid = %d, want a divisor of the %d timesteps of the teacher", grid, n)
	}
	return err
}

// Schedulable wants times that the scheduler of a saved student can have. It opens nothing.
func (s Spec) Schedulable(cfg distill.Config) error {
	if s.EDM() || cfg.Consistency != nil {
		return nil
	}
	for i, time := range cfg.Times {
		if want := int(math.Round(1000 - 1000*float64(i)/float64(len(cfg.Times)))); time != want {
			return fmt.Errorf("times = %v, want %d in place of %d: the saved scheduler divides 1000 timesteps evenly and has no field for others", cfg.Times, want, time)
		}
	}
	return nil
}

// openNetwork opens a network of EDM's, whose size is fixed.
func (s Spec) openNetwork() (*edm.Model, error) {
	m, err := edm.Open(s.Name)
	if err == nil && s.Size != 0 && s.Size != m.Network.Resolution {
		err = fmt.Errorf("size = %d, want %d, the teacher's", s.Size, m.Network.Resolution)
	}
	return m, err
}

// suitsEDM wants a config of the whole network, and one without pictures that have no class where the network has not seen such.
func suitsEDM(m *edm.Model, cfg distill.Config) error {
	if cfg.LoRA > 0 {
		return fmt.Errorf("lora = %d, want 0: the teacher has no attention with to_q, to_k, to_v and to_out", cfg.LoRA)
	}
	if m.Network.LabelDropout == 0 && (cfg.TeacherGuidance > 0 || cfg.Weighting == diffusion.NFSD) {
		return fmt.Errorf("teacher_guidance, weighting = %g, %s, want 0 and not %s: the teacher was trained with label_dropout = 0 and has never seen pictures without a class",
			cfg.TeacherGuidance, cfg.Weighting, diffusion.NFSD)
	}
	return nil
}

func (s Spec) openEDM(ctx context.Context, note func(format string, args ...any)) (Teacher, error) {
	m, err := s.openNetwork()
	if err != nil {
		return Teacher{}, err
	}
	features, err := s.featureFiles(ctx, m.Network.Resolution, note)
	if err != nil {
		return Teacher{}, err
	}
	b, err := edm.NewBase(m, features)
	if err != nil {
		return Teacher{}, err
	}
	return Teacher{
		Base:  b,
		check: func(data dataset.Dataset) error { return classes(b, data) },
		affords: func(cfg distill.Config, endless bool, memory float64) error {
			return affords(edmTensors(m), cfg, endless, memory)
		},
		fits:  func(distill.Config) error { return nil },
		suits: func(cfg distill.Config) error { return suitsEDM(m, cfg) },
		save: func(_ compute.Backend, out string, cfg distill.Config, student *weights.File, _ ...string) error {
			draws := diffusion.FewStep{Form: cfg.Form()}
			for _, time := range cfg.Times {
				draws.Times = append(draws.Times, float64(time)/1000)
			}
			return m.Save(out, student, draws)
		},
	}, nil
}

// classes wants captions that are classes of the teacher.
func classes(b *edm.Base, data dataset.Dataset) error {
	source := data.Train()
	n := source.Len()
	if n == math.MaxInt {
		n = 1000
	}
	for i := range n {
		caption, err := dataset.Caption(source, i) // pictures of large sets are not decoded for it
		if err == nil {
			err = b.Check([]string{caption})
		}
		if err != nil {
			return fmt.Errorf("data = %s: picture %d: %w", data.Name(), i, err)
		}
	}
	return nil
}
