package protocol

import (
	"testing"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/pretrain"
)

func TestSetupValidate(t *testing.T) {
	for _, scale := range []string{"smoke", "cpu", "gpu"} {
		if err := DefaultSetup(scale).Validate(); err != nil {
			t.Errorf("%s: %v", scale, err)
		}
	}
	for _, test := range []struct {
		name, want string
		edit       func(s *Setup)
	}{
		{"one picture has no covariance", "protocol: images = 1, batch = 4, want ≥ 2 and ≥ 1", func(s *Setup) { s.Images = 1 }},
		{"empty batch", "protocol: images = 10, batch = 0, want", func(s *Setup) { s.Batch = 0 }},
		{"one block", "protocol: blocks = 1, want 2 to", func(s *Setup) { s.Blocks = 1 }},
		{"blocks of less than two pictures, which the jackknife refuses", "protocol: blocks = 6, want 2 to", func(s *Setup) { s.Blocks = 6 }},
	} {
		setup := tinySetup()
		test.edit(&setup)
		wantError(t, test.name, setup.Validate(), test.want)
		_, err := NewEvaluator(t.Context(), graphtest.Engine(), &pretrain.Bundle{}, tinyworld.New(), setup)
		wantError(t, test.name+", judge", err, test.want)
	}
}
