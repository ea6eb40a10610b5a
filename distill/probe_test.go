package distill

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
)

// Configs that differ in what moves the student alone have one probe; what the heads are told or see makes another.
func TestProbesAreOfTheHeadsAlone(t *testing.T) {
	base := ProbeConfig(tinyConfig(t))
	for name, c := range map[string]struct {
		edit func(*Config)
		same bool
	}{
		"λ":              {func(c *Config) { c.Lambda = 1 }, true},
		"reconstruction": {func(c *Config) { c.Reconstruct, c.Discriminator.StudentTime = 1, true }, true},
		"consistency":    {func(c *Config) { consistent(c); c.Adversarial = 1 }, true},
		"score identity": {func(c *Config) { scoreIdentical(c); c.Adversarial = 1 }, true},
		"f-distill":      {fDistilled("rkl"), false},
		"condition":      {func(c *Config) { c.Discriminator.Image = false }, false},
		"first time":     {func(c *Config) { c.Times[0] = 980 }, false},
	} {
		cfg := ProbeConfig(tinyConfig(t, c.edit))
		if err := cfg.Validate(); err != nil && !cfg.Method.diffuses() {
			t.Errorf("%s: %v", name, err)
		}
		cfg.StudentRate = base.StudentRate
		if same := cmp.Equal(cfg, base); same != c.same {
			t.Errorf("%s: the same probe %v, want %v (-base +got):\n%s", name, same, c.same, cmp.Diff(base, cfg))
		}
	}
}

func TestProbeReportsHeads(t *testing.T) {
	in := Inputs{Config: tinyConfig(t), Bundle: tinyBundle(t, 1), Data: tinyworld.New(), Backend: graphtest.Engine()}
	var steps []int
	err := ProbeHeads(t.Context(), in, 6, 3, func(step int, h HeadsHealth) {
		steps = append(steps, step)
		if h.AUC <= 0 || h.AUC > 1 {
			t.Errorf("step %d: area %g", step, h.AUC)
		}
	})
	if err != nil || !cmp.Equal(steps, []int{3, 6}) {
		t.Errorf("lines at %v, %v, want 3 and 6", steps, err)
	}
	in.Config.Adversarial = 0
	if err := ProbeHeads(t.Context(), in, 6, 3, nil); !errors.Is(err, ErrNoHeads) {
		t.Errorf("without a discriminator: %v", err)
	}
}

// Clean pictures do not tell how heads fare that see diffused ones.
func TestDiffusedPicturesAreNotProbed(t *testing.T) {
	for name, edit := range map[string]func(*Config){"f-distill": fDistilled("rkl"), "ufogen": diffusionGAN} {
		if err := ProbeHeads(t.Context(), Inputs{Config: tinyConfig(t, edit)}, 1, 1, nil); !errors.Is(err, ErrDiffused) {
			t.Errorf("%s: error %v, want %v", name, err, ErrDiffused)
		}
	}
}
