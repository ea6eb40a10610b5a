package teachers

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/latent"
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
	copied, towers := 0, 0 // in half precision, too
	for _, file := range []string{"vae/diffusion_pytorch_model.fp16.safetensors", "text_encoder/model.fp16.safetensors"} {
		header, err := weights.Header(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range header.Tensors {
			n := x.DType.Size()
			for _, dim := range x.Shape {
				n *= dim
			}
			if copied += n; strings.HasPrefix(file, "text") {
				towers += n
			}
		}
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
		if err := (Spec{Name: folder, FeaturesNet: "dinov2-s"}).Plan(t.Context(), &out, cfg, nil); err != nil {
			t.Fatal(err)
		}
		stdout, lora := out.String(), 0
		if cfg.LoRA > 0 {
			lora = 4 * test.trained
		}
		for _, want := range []string{
			fmt.Sprintf("%s  teacher, frozen, %d values\n", readable(int64(2*values)), values),
			fmt.Sprintf("%s  student, %d values\n", readable(int64(4*test.trained)), test.trained),
			fmt.Sprintf("%s  %s, %d values\n", readable(int64(4*test.further*test.trained)), test.moments, test.further*test.trained),
			fmt.Sprintf("disk: %s for each of two checkpoints", readable(int64(4*(2+test.further)*test.trained+4*test.stage))),
			fmt.Sprintf("  %s in the run: student.safetensors", readable(int64(4*values+lora))),
			fmt.Sprintf("  %s in the folder that distill saves: the U-Net", readable(int64(4*values+lora+copied))),
			fmt.Sprintf("%10s  less for finite data, whose captions pass the text towers before\n", readable(int64(towers))),
			// Latents of 8×8×4; states of 20 tokens of width 16, which is that of the pooled caption, too; checksums.
			fmt.Sprintf("      %s for each picture and %s for each caption of finite data,", readable(4*(8*8*4+1)), readable(4*(20*16+16+1))),
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

// A plan refuses what a training refuses.
func TestAPlanWantsATeacherThatTrains(t *testing.T) {
	for _, test := range []struct{ file, old, new, want string }{
		{"model_index.json", "EulerDiscreteScheduler", "DEISMultistepScheduler", ""}, // whose noise levels do
		{"model_index.json", "EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler", `scheduler = "FlowMatchEulerDiscreteScheduler", want one of`},
		{"scheduler/scheduler_config.json", `"scaled_linear"`, `"sigmoid"`, `beta_schedule = "sigmoid", want "linear"`},
		{"unet/config.json", `"layers_per_block": 1`, `"layers_per_block": 2`, `unet: ["unet/diffusion_pytorch_model.fp16.safetensors"]: weights: tensors do not fit`},
		{"vae/config.json", `"layers_per_block": 1`, `"layers_per_block": 2`, `vae: ["vae/diffusion_pytorch_model.fp16.safetensors"]: weights: tensors do not fit`},
	} {
		folder := tinylatent.Folder(t, "sd")
		file := filepath.Join(folder, filepath.FromSlash(test.file))
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), test.old) {
			t.Fatalf("%s: %v, want %s in it", file, err, test.old)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), test.old, test.new, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		cfg, err := distill.LatentConfig("add")
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err = Spec{Name: folder, FeaturesNet: "dinov2-s"}.Plan(t.Context(), &out, cfg, nil)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0) {
			t.Errorf("%s: error %v after %q, want %q", test.new, err, out.String(), test.want)
		}
	}
}

// A plan of EDM's network counts it as a training does. There are no other parts, and no folder.
func TestThePlanOfEDM(t *testing.T) {
	spec := Spec{Name: tinyedm.File(t), FeaturesNet: "dinov2-s"}
	m, err := edm.Open(spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	values := int64(0)
	for _, x := range m.Tensors() {
		values += int64(x.Held().Size())
	}
	cfg, err := spec.Preset("add")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := spec.Plan(t.Context(), &out, cfg, nil); err != nil {
		t.Fatal(err)
	}
	line := func(copies int64, name string) string {
		return fmt.Sprintf("%10s  %s, %d values\n", readable(4*copies*values), name, copies*values)
	}
	want := line(1, "teacher, frozen") + line(1, "student") + line(1, "its average") + line(1, "its gradient") + line(3, "moments and the sum of gradients") +
		fmt.Sprintf("%10s  together, without features, heads and activations\n\n", readable(28*values)) +
		"a step: 32 pictures of 8×8 in each of 4 passes; 4000 steps\n" +
		fmt.Sprintf("disk: %s for each of two checkpoints, and a third while it is written, until the training ends\n", readable(20*values)) +
		fmt.Sprintf("      %s in the run: student.safetensors\n      %[1]s in the file that distill saves: the network\n", readable(4*values))
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	for want, edit := range map[string]func(*distill.Config){
		"want a teacher with an encoder":                 func(c *distill.Config) { c.FeaturesNet, c.Discriminator.Augment = "teacher", false },
		"teacher_guidance, weighting = 2, exp, want":     func(c *distill.Config) { c.TeacherGuidance = 2 },
		"lora = 4, want 0: the teacher has no attention": func(c *distill.Config) { c.LoRA = 4 },
	} {
		refused := cfg
		edit(&refused)
		if err := spec.Plan(t.Context(), &out, refused, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}

// The table names every program, and the engine; one that does not tell says so.
func TestThePlanPrintsWhatProgramsTake(t *testing.T) {
	c := distill.Compiled{Variables: 5e9, Programs: []distill.CompiledProgram{
		{Name: "forward", Usage: engine.Usage{Inputs: 3e9, Temporary: 1e9}},
		{Name: "move", Usage: engine.Usage{Inputs: 4e9, Outputs: 3e9, Aliases: 5e8, Temporary: 2e9}},
		{Name: "with R1", Usage: engine.Usage{Inputs: 5e9, Outputs: 1e7, Temporary: 4e9}},
	}}
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, `      1 GB  program forward: activations 1 GB, new values of what it moves 0 kB
    4.5 GB  program move: activations 2 GB, new values of what it moves 2.5 GB
   4.01 GB  program with R1: activations 4 GB, new values of what it moves 10 MB
    4.5 GB  activations and new values at most, of program move (compiled for xla:cpu)
    9.5 GB  together with weights, averages and moments, features and heads included
`},
		{fmt.Errorf("distill: %w", engine.ErrNoUsage), "activations: not known, as only XLA tells the memory that a compiled program needs (engine: xla:cpu)\n"},
	} {
		var out strings.Builder
		if err := printCompiled(&out, "xla:cpu", c, test.err); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, out.String()); diff != "" {
			t.Errorf("table (-want +got):\n%s", diff)
		}
	}
	fault := errors.New("no such device")
	if err := printCompiled(io.Discard, "xla:cpu", c, fault); err != fault {
		t.Errorf("error = %v, want %v", err, fault)
	}
}

// What cannot fit is refused before anything is loaded, a LoRA where the whole network would be.
func TestATrainingMustFit(t *testing.T) {
	m, err := latent.Open(t.Context(), tinylatent.Folder(t, "sd"), latent.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := distill.LatentConfig("add")
	if err != nil {
		t.Fatal(err)
	}
	lora := cfg
	lora.LoRA = 2
	all, err := keeps(latentTensors(m), cfg)
	if err != nil {
		t.Fatal(err)
	}
	least := all.total - all.held["text_encoder"] // whose text tower is not held
	less := float64(least - 1)
	if err := affords(latentTensors(m), cfg, false, less); err == nil || !strings.Contains(err.Error(), "a training keeps "+readable(least)+", activations not counted, and there is memory of ") {
		t.Errorf("error = %v, want what it takes", err)
	}
	if err := affords(latentTensors(m), cfg, true, float64(all.total-1)); err == nil || !strings.Contains(err.Error(), "a training keeps "+readable(all.total)) {
		t.Errorf("endless data: error = %v, want the text tower counted", err)
	}
	for name, err := range map[string]error{"all of it": affords(latentTensors(m), cfg, false, float64(least)), "unknown": affords(latentTensors(m), cfg, false, 0), "a LoRA": affords(latentTensors(m), lora, false, less)} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
