package teachers

import (
	"context"
	"fmt"
	"io"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/latent"
)

// Plan prints the bytes of what a training keeps: networks, moments, averages. Activations come on top. A teacher that a training would
// refuse is refused.
func (s Spec) Plan(ctx context.Context, stdout io.Writer, cfg distill.Config, note func(format string, args ...any)) error {
	m, err := latent.Open(ctx, s.Name, latent.Options{Variant: s.Variant, Note: note})
	if err != nil {
		return err
	}
	e, err := engine.Open(ctx, "go", nil) // which computes nothing: the networks are declared only
	if err != nil {
		return err
	}
	defer e.Close()
	if err := m.CheckTeacher(e.Backend, s.side(m)); err != nil {
		return err
	}
	var trained int64
	values, size := map[string]int64{}, map[string]int64{}
	for _, part := range []string{"text_encoder", "text_encoder_2", "vae", "unet"} {
		all, err := m.Tensors(part)
		if err != nil {
			return err
		}
		for name, t := range all {
			n := int64(1)
			for _, dim := range t.Shape {
				n *= int64(dim)
			}
			values[part], size[part] = values[part]+n, size[part]+n*int64(t.DType.Size())
			if part == "unet" {
				trained += int64(distill.LoRAValues(cfg.LoRA, name, t.Shape))
			}
		}
	}
	unet := values["unet"]
	if cfg.LoRA == 0 {
		trained = unet
	}
	var total int64
	line := func(what string, bytes int64) { fmt.Fprintf(stdout, "%10s  %s\n", readable(bytes), what) }
	add := func(what string, values, bytes int64) {
		total += bytes
		line(fmt.Sprintf("%s, %d values", what, values), bytes)
	}
	for _, part := range []string{"text_encoder", "text_encoder_2", "vae"} {
		if values[part] > 0 {
			add(part+", frozen", values[part], size[part])
		}
	}
	add("teacher, frozen", unet, size["unet"])
	add("student", trained, 4*trained)
	add("its average", trained, 4*trained)
	add("its gradient", trained, 4*trained)
	moments := int64(2)
	if cfg.Accumulate > 1 {
		moments++
	}
	add("moments"+map[bool]string{true: " and the sum of gradients"}[cfg.Accumulate > 1], moments*trained, moments*4*trained)
	if cfg.Matching != nil {
		add("fake score with moments and gradient", (2+moments)*unet, (2+moments)*4*unet)
	}
	copies := int64(cfg.TeacherCopies())
	if copies > 0 {
		add("copies of the teacher", copies*unet, copies*4*unet)
	}
	line("together, without features, heads and activations", total)
	checkpoint := 4 * trained * (2 + moments)
	if cfg.Matching != nil {
		checkpoint += 4 * unet * (1 + moments)
	}
	checkpoint += copies * 4 * unet
	student, lora := 4*unet, int64(0)
	files, parts := "student.safetensors", "the U-Net and copies of the other parts"
	if cfg.LoRA > 0 {
		lora, files, parts = 4*trained, files+", LoRA", parts+", LoRA"
	}
	folder := student + lora + size["text_encoder"] + size["text_encoder_2"] + size["vae"]
	_, err = fmt.Fprintf(stdout, "\na step: %d pictures of %d×%d in each of %d passes; %d steps\n"+
		"disk: %s for each of two checkpoints, and a third while it is written, until the training ends\n"+
		"      %s in the run: %s\n"+
		"      %s in the folder that distill saves: %s\n"+
		"time and peak memory: add --timed 3, which measures them\n",
		cfg.Batch, s.side(m), s.side(m), max(1, cfg.Accumulate), cfg.Steps, readable(checkpoint), readable(student+lora), files, readable(folder), parts)
	return err
}

// readable is a number of bytes with three digits.
func readable(bytes int64) string {
	for _, unit := range []struct {
		name  string
		bytes float64
	}{{"GB", 1e9}, {"MB", 1e6}} {
		if x := float64(bytes) / unit.bytes; x >= 1 {
			return fmt.Sprintf("%.3g %s", x, unit.name)
		}
	}
	return fmt.Sprintf("%.3g kB", float64(bytes)/1e3)
}
