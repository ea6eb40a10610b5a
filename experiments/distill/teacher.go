package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// edm tells whether the teacher is one of EDM's networks, in a file.
func (o options) edm() bool {
	return slices.Contains([]string{".pkl", ".safetensors"}, strings.ToLower(filepath.Ext(o.teacher)))
}

// teacher is what is distilled, and how its student is saved.
type teacher struct {
	distill.Base
	check func(data dataset.Dataset) error
	save  func(backend compute.Backend, out string, student *weights.File, further ...string) error
}

func (o options) open(ctx context.Context, cfg distill.Config, note func(format string, args ...any)) (t teacher, err error) {
	if o.edm() {
		return o.openEDM(cfg)
	}
	if n := len(cfg.Times); cfg.Consistency == nil {
		for i, time := range cfg.Times {
			if want := int(math.Round(1000 - 1000*float64(i)/float64(n))); time != want {
				return t, fmt.Errorf("times = %v, want %d in place of %d: the saved scheduler divides 1000 timesteps evenly and has no field for others", cfg.Times, want, time)
			}
		}
	}
	m, err := latent.Open(ctx, o.teacher, latent.Options{Variant: o.variant, Note: note})
	if err != nil {
		return t, err
	}
	net, err := o.featureNet()
	if err != nil {
		return t, err
	}
	grid := 0
	if cfg.Consistency != nil {
		grid = cfg.Consistency.Grid
		s, err := m.Scheduler("")
		if n := s.Timesteps(); err == nil && n%grid != 0 { // LCM's scheduler would leave out the last ones
			err = fmt.Errorf("consistency.grid = %d, want a divisor of the %d timesteps of the teacher", grid, n)
		}
		if err != nil {
			return t, err
		}
	}
	t.Base, err = latent.NewBase(m, o.side(m), net, o.features)
	t.check = func(dataset.Dataset) error { return nil }
	t.save = func(backend compute.Backend, out string, student *weights.File, further ...string) error {
		return m.Save(backend, out, student, latent.FewSteps(grid, cfg.Form()), further...)
	}
	return t, err
}

func (o options) openEDM(cfg distill.Config) (t teacher, err error) {
	m, err := edm.Open(o.teacher)
	if err != nil {
		return t, err
	}
	net, err := o.featureNet()
	if err != nil {
		return t, err
	}
	if o.size != 0 && o.size != m.Network.Resolution {
		return t, fmt.Errorf("size = %d, want %d, the teacher's", o.size, m.Network.Resolution)
	}
	if m.Network.LabelDropout == 0 && (cfg.TeacherGuidance > 0 || cfg.Weighting == diffusion.NFSD) {
		return t, fmt.Errorf("teacher_guidance, weighting = %g, %s, want 0 and not %s: the teacher was trained with label_dropout = 0 and has never seen pictures without a class",
			cfg.TeacherGuidance, cfg.Weighting, diffusion.NFSD)
	}
	b, err := edm.NewBase(m, net, o.features)
	if err != nil {
		return t, err
	}
	t.Base = b
	t.check = func(data dataset.Dataset) error {
		source := data.Train()
		n := source.Len()
		if n == math.MaxInt {
			n = 1000
		}
		for i := range n {
			s, err := source.Sample(i)
			if err == nil {
				err = b.Check([]string{s.Caption})
			}
			if err != nil {
				return fmt.Errorf("data = %s: picture %d: %w", o.set.Name, i, err)
			}
		}
		return nil
	}
	t.save = func(_ compute.Backend, out string, student *weights.File, _ ...string) error {
		draws := diffusion.FewStep{Form: cfg.Form()}
		for _, time := range cfg.Times {
			draws.Times = append(draws.Times, float64(time)/1000)
		}
		return m.Save(out, student, draws)
	}
	return t, nil
}

// featureNet is the network that --features has the weights of.
func (o options) featureNet() (network.ViTConfig, error) {
	net, ok := featureNets[o.featuresNet]
	if !ok && filepath.Ext(o.featuresNet) != ".json" {
		return net, fmt.Errorf("features-net = %q, want one of %q, or a JSON file", o.featuresNet, known())
	}
	if !ok {
		return net, record.Edit(o.featuresNet, &net)
	}
	return net, nil
}
