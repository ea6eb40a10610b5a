package distill

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// A batch that two devices share teaches by eq. 4 what it teaches on one: gradients and random numbers are the batch's.
func TestDevicesShareABatch(t *testing.T) {
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	t.Setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0") // two devices of a processor; compiling takes most of the time
	e, err := engine.Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Backend.NumDevices() < 2 {
		t.Skip(e.Name, "has one device")
	}
	cfg := tinyConfig(t, func(c *Config) { c.Steps, c.Adversarial = 2, 0 })
	in := Inputs{Config: cfg, Bundle: tinyBundle(t, 1), Data: tinyworld.New(), Backend: e.Backend, Latents: t.TempDir()}
	curve := func(in Inputs, devices int) []map[string]float64 {
		in.Devices = devices
		d, err := open(t.Context(), in, silent())
		if err != nil {
			t.Fatal(err)
		}
		defer d.close()
		return bench{d}.take(t, cfg.Steps)
	}
	latents := in
	latents.Bundle, latents.Data = tinyLatent(t, "sd"), latentData()
	pure := in // of which both scores see half
	pure.Config.Pure, pure.Config.Reconstruct, pure.Config.Matching = 2, 1, aMatching()
	pure.Config.Matching.PureOnly = true
	for name, in := range map[string]Inputs{"pixels": in, "latents": latents, "pure noise": pure} {
		if diff := cmp.Diff(curve(in, 1), curve(in, 2), cmpopts.EquateApprox(2e-3, 1e-4)); diff != "" {
			t.Errorf("%s (-one device +two):\n%s", name, diff)
		}
	}
	in.Devices, in.Config.Batch, in.Config.Accumulate = 3, 2, 6
	_, err = open(t.Context(), in, silent())
	if want := `devices = 3, want a divisor of batch = 2; a config {"batch": 3, "accumulate": 4} has as many pictures`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("three devices: error = %v, want %q", err, want)
	}
}

// tokens are what a head sees of a batch: real and generated, each [B,T,C], and the optimiser's coefficients.
type tokens[T any] struct{ Real, Fake, Rate T }

// The statistics of a head's norm are those of the batch that two devices share, and so are hinge loss, R1 and the gradient.
func TestDevicesShareAHeadsStatistics(t *testing.T) {
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	t.Setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0")
	e, err := engine.Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Backend.NumDevices() < 2 {
		t.Skip(e.Name, "has one device")
	}
	const batch, patches, width = 4, 6, 8
	cfg := discriminator.DefaultConfig()
	cfg.Text, cfg.Image, cfg.NormGroup, cfg.Kernel = false, false, batch, 3
	adam := optim.AdamW{Name: "heads", Beta2: .99, Epsilon: 1e-8}
	curve := func(devices int) (curve []map[string]float64) {
		store := model.NewStore()
		defer store.Finalize()
		if err := discriminator.Init(store, "/heads", []int{width}, 0, cfg, 1); err != nil {
			t.Fatal(err)
		}
		p, err := train.NewProgram(e.Backend, store, train.GraphOf(func(root *model.Scope, in tokens[*Node]) map[string]*Node {
			g := in.Real.Graph()
			heads := discriminator.Bind(root.At("heads"), g, cfg, true)
			real, r1 := heads.LogitsR1([]*Node{in.Real}, nil)
			loss := cfg.DiscriminatorLoss(real, heads.Logits([]*Node{in.Fake}, nil), r1, 1)
			norm := adam.Update(optim.Variables(root.At("heads"), g), loss.Total, in.Rate)
			return map[string]*Node{"loss": loss.Total, "r1": r1, "gradient": norm}
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		mesh, err := train.Devices(e.Backend, devices)
		if err != nil {
			t.Fatal(err)
		}
		p.Over(mesh)
		for step := range 2 {
			// The two halves of the batch have other means, which statistics of one half would take away.
			normal := func(seed int64) *tensors.Tensor {
				x := graphtest.Floats(graphtest.Normals(seed, batch, patches, width))
				for i := range x[len(x)/2:] {
					x[i] += 2
				}
				return train.F32(x, batch, patches, width)
			}
			losses, err := p.Call(tokens[*tensors.Tensor]{Real: normal(int64(2*step + 1)), Fake: normal(int64(2*step + 2)), Rate: train.F32(adam.Coefficients(1e-2, step+1), 3)})
			if err != nil {
				t.Fatal(err)
			}
			curve = append(curve, losses)
		}
		return curve
	}
	if diff := cmp.Diff(curve(1), curve(2), cmpopts.EquateApprox(1e-4, 1e-5)); diff != "" {
		t.Errorf("(-one device +two):\n%s", diff)
	}
}
