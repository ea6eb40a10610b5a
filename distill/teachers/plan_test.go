package teachers

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/network/weights"
)

func TestThePlanCountsWhatIsKept(t *testing.T) {
	folder := tinylatent.Folder(t, "sd")
	file := filepath.Join(folder, "unet", "diffusion_pytorch_model.fp16.safetensors")
	all, err := weights.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	values := 0
	for _, x := range all.Tensors {
		values += len(x.Data)
	}
	for _, test := range []struct {
		edit            func(*distill.Config)
		trained, passes int
		moments         string
		further, stage  int // numbers for a trained one; values of the teacher of a stage, which checkpoints have too
	}{
		{func(*distill.Config) {}, values, 64, "moments and the sum of gradients", 3, 0},
		{func(c *distill.Config) {
			c.Accumulate, c.Adversarial, c.Times, c.DistillPixels = 1, 0, []int{1000, 500}, false
			c.Method = &distill.Named{Settings: distill.Progressive{From: 2, To: 2}}
		}, values, 1, "moments", 2, values},
		// Transformers of width 16 in the first resolution, down and twice up, and of 24 in the middle; tokens have width 16.
		{func(c *distill.Config) { c.LoRA = 4 }, 4 * (3*(4*(16+16)+4*(16+16)) + 4*(24+24) + 2*(24+24) + 2*(24+16)), 64, "moments and the sum of gradients", 3, 0},
	} {
		cfg, err := distill.LatentConfig("add")
		if err != nil {
			t.Fatal(err)
		}
		test.edit(&cfg)
		var out strings.Builder
		if err := (Spec{Name: folder}).Plan(t.Context(), &out, cfg, nil); err != nil {
			t.Fatal(err)
		}
		stdout := out.String()
		for _, want := range []string{
			fmt.Sprintf("%s  teacher, frozen, %d values\n", readable(int64(2*values)), values),
			fmt.Sprintf("%s  student, %d values\n", readable(int64(4*test.trained)), test.trained),
			fmt.Sprintf("%s  %s, %d values\n", readable(int64(4*test.further*test.trained)), test.moments, test.further*test.trained),
			fmt.Sprintf("disk: %s for each of two checkpoints", readable(int64(4*(2+test.further)*test.trained+4*test.stage))),
			fmt.Sprintf("a step: 2 pictures of 16×16 in each of %d passes; 4000 steps\n", test.passes),
		} {
			if line := fmt.Sprintf("%s  copies of the teacher, %d values\n", readable(int64(4*test.stage)), test.stage); strings.Contains(stdout, line) != (test.stage > 0) {
				t.Errorf("plan = %s, want %q: %t", stdout, line, test.stage > 0)
			}
			if !strings.Contains(stdout, want) {
				t.Errorf("plan = %s, want %q", stdout, want)
			}
		}
	}
}
