package teachers

import (
	"cmp"
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
	k, err := keeps(m, cfg)
	if err != nil {
		return err
	}
	for _, p := range k.parts {
		fmt.Fprintf(stdout, "%10s  %s, %d values\n", readable(p.bytes), p.name, p.values)
	}
	fmt.Fprintf(stdout, "%10s  together, without features, heads and activations\n", readable(k.total))
	fmt.Fprintf(stdout, "%10s  less for finite data, whose captions pass the text towers before\n", readable(k.towers()))
	unet, trained, moments, copies, size := k.unet, k.trained, k.moments, int64(cfg.TeacherCopies()), k.size
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
	z := s.side(m) / m.VAE.Factor()
	folder := student + lora + size["text_encoder"] + size["text_encoder_2"] + size["vae"]
	_, err = fmt.Fprintf(stdout, "\na step: %d pictures of %d×%d in each of %d passes; %d steps\n"+
		"disk: %s for each of two checkpoints, and a third while it is written, until the training ends\n"+
		"      %s in the run: %s\n"+
		"      %s in the folder that distill saves: %s\n"+
		"      %s for each picture and %s for each caption of finite data, in the user's cache\n",
		cfg.Batch, s.side(m), s.side(m), max(1, cfg.Accumulate), cfg.Steps, readable(checkpoint), readable(student+lora), files, readable(folder), parts,
		readable(distill.RecordBytes(z*z*m.VAE.LatentChannels)), readable(distill.RecordBytes(m.TextValues())))
	return err
}

// kept is what a training holds from its first step to its last.
type kept struct {
	parts         []keptPart
	total         int64            // bytes
	unet, trained int64            // values of the teacher's network, and of it or its LoRA
	moments       int64            // of a trained value, with the sum of gradients
	size, held    map[string]int64 // bytes of the teacher's parts, in files and in memory
}

// towers are the bytes of what a training on finite data lets go before its first step.
func (k kept) towers() int64 { return k.held["text_encoder"] + k.held["text_encoder_2"] }

type keptPart struct {
	name          string
	values, bytes int64
}

// keeps counts what a training of a config holds. It reads the heads of the teacher's files.
func keeps(m *latent.Model, cfg distill.Config) (kept, error) {
	k, values := kept{size: map[string]int64{}, held: map[string]int64{}, moments: 2}, map[string]int64{}
	for _, part := range []string{"text_encoder", "text_encoder_2", "vae", "unet"} {
		all, err := m.Tensors(part)
		if err != nil {
			return k, err
		}
		for name, t := range all {
			n := int64(1)
			for _, dim := range t.Shape {
				n *= int64(dim)
			}
			bytes := min(4, int64(t.DType.Size())) // float64 becomes float32
			if cfg.Narrows(cmp.Or(map[string]string{"unet": "teacher"}[part], part), name, t.Shape) {
				bytes = 2
			}
			values[part], k.size[part], k.held[part] = values[part]+n, k.size[part]+n*int64(t.DType.Size()), k.held[part]+n*bytes
			if part == "unet" {
				k.trained += int64(distill.LoRAValues(cfg.LoRA, name, t.Shape))
			}
		}
	}
	if k.unet = values["unet"]; cfg.LoRA == 0 {
		k.trained = k.unet
	}
	add := func(name string, values, bytes int64) {
		if values > 0 {
			k.parts, k.total = append(k.parts, keptPart{name, values, bytes}), k.total+bytes
		}
	}
	for _, part := range []string{"text_encoder", "text_encoder_2", "vae"} {
		add(part+", frozen", values[part], k.held[part])
	}
	add("teacher, frozen", k.unet, k.held["unet"])
	add("student", k.trained, 4*k.trained)
	add("its average", k.trained, 4*k.trained)
	add("its gradient", k.trained, 4*k.trained)
	moments := "moments"
	if cfg.Accumulate > 1 {
		moments, k.moments = moments+" and the sum of gradients", 3
	}
	add(moments, k.moments*k.trained, k.moments*4*k.trained)
	if cfg.Matching != nil {
		add("fake score with moments and gradient", (2+k.moments)*k.unet, (2+k.moments)*4*k.unet)
	}
	copies := int64(cfg.TeacherCopies())
	add("copies of the teacher", copies*k.unet, copies*4*k.unet)
	return k, nil
}

// affords wants a training on finite data, the least, that so many bytes of memory can hold, 0 for any.
func affords(m *latent.Model, cfg distill.Config, memory float64) error {
	k, err := keeps(m, cfg)
	if err != nil || memory == 0 || float64(k.total-k.towers()) <= memory {
		return err
	}
	return fmt.Errorf("a training keeps %s, activations not counted, and there is memory of %s: --plan shows of what; --lora, and files in half precision (--variant fp16), take less",
		readable(k.total-k.towers()), readable(int64(memory)))
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
