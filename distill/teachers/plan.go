package teachers

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network/weights"
)

// outline is a teacher of which no values are read.
type outline struct {
	base  distill.Base
	read  []string // parts whose weights are its own
	parts tensorsOf
	saved string // what a saved student is

	cached string // line about what the cache keeps
}

// tensorsOf gives types and shapes of the tensors of a part: "teacher", "vae", "text_encoder" or "text_encoder_2". None are there of a part
// that the teacher lacks.
type tensorsOf func(part string) (map[string]weights.Raw, error)

func latentTensors(m *latent.Model) tensorsOf {
	return func(part string) (map[string]weights.Raw, error) {
		return m.Tensors(cmp.Or(map[string]string{"teacher": "unet"}[part], part))
	}
}

func edmTensors(m *edm.Model) tensorsOf {
	return func(part string) (map[string]weights.Raw, error) {
		if part != "teacher" {
			return nil, nil
		}
		return m.Tensors(), nil
	}
}

// outline wants a teacher that a training would take.
func (s Spec) outline(ctx context.Context, cfg distill.Config, note func(format string, args ...any)) (o outline, err error) {
	if s.EDM() {
		m, err := s.openNetwork()
		if err != nil {
			return o, err
		}
		features, err := s.featureNets(m.Network.Resolution)
		if err != nil {
			return o, err
		}
		o = outline{base: edm.Outline(m, features), read: []string{"teacher"}, parts: edmTensors(m), saved: "the file that distill saves: the network"}
		if err := distill.Suits(cfg, o.base); err != nil {
			return o, err
		}
		return o, suitsEDM(m, cfg)
	}
	m, err := latent.Open(ctx, s.Name, latent.Options{Variant: s.Variant, Note: note})
	if err != nil {
		return o, err
	}
	features, err := s.featureNets(s.side(m))
	if err != nil {
		return o, err
	}
	z := s.side(m) / m.VAE.Factor()
	o = outline{
		read: []string{"teacher", "vae", "text"}, parts: latentTensors(m), saved: "the folder that distill saves: the U-Net and copies of the other parts",
		cached: fmt.Sprintf("      %s for each picture and %s for each caption of finite data, in the user's cache\n",
			readable(distill.RecordBytes(z*z*m.VAE.LatentChannels)), readable(distill.RecordBytes(m.TextValues()))),
	}
	if o.base, err = latent.Outline(m, s.side(m), features); err != nil {
		return o, err
	}
	if cfg.LoRA > 0 {
		o.saved += ", LoRA"
	}
	return o, distill.Suits(cfg, o.base)
}

// Plan prints the bytes of what a training keeps: networks, moments, averages. Activations come on top, see Compiled. A teacher that a
// training would refuse is refused.
func (s Spec) Plan(ctx context.Context, stdout io.Writer, cfg distill.Config, note func(format string, args ...any)) error {
	o, err := s.outline(ctx, cfg, note)
	if err != nil {
		return err
	}
	if err := o.check(ctx); err != nil {
		return err
	}
	k, err := keeps(o.parts, cfg)
	if err != nil {
		return err
	}
	for _, p := range k.parts {
		fmt.Fprintf(stdout, "%10s  %s, %d values\n", readable(p.bytes), p.name, p.values)
	}
	fmt.Fprintf(stdout, "%10s  together, without features, heads and activations\n", readable(k.total))
	if k.towers() > 0 {
		fmt.Fprintf(stdout, "%10s  less for finite data, whose captions pass the text towers before\n", readable(k.towers()))
	}
	unet, trained, moments, copies, size := k.unet, k.trained, k.moments, int64(cfg.TeacherCopies()), k.size
	checkpoint := 4 * trained * (2 + moments)
	if cfg.Matching != nil {
		checkpoint += 4 * unet * (1 + moments)
	}
	checkpoint += copies * 4 * unet
	student, lora, files := 4*unet, int64(0), "student.safetensors"
	if cfg.LoRA > 0 {
		lora, files = 4*trained, files+", LoRA"
	}
	folder := student + lora + size["text_encoder"] + size["text_encoder_2"] + size["vae"]
	_, err = fmt.Fprintf(stdout, "\na step: %d pictures of %d×%d in each of %d passes; %d steps\n"+
		"disk: %s for each of two checkpoints, and a third while it is written, until the training ends\n"+
		"      %s in the run: %s\n"+
		"      %s in %s\n%s",
		cfg.Batch, o.base.Size(), o.base.Size(), max(1, cfg.Accumulate), cfg.Steps, readable(checkpoint), readable(student+lora), files, readable(folder), o.saved, o.cached)
	return err
}

// check wants tensors that fit the networks.
func (o outline) check(ctx context.Context) error {
	e, err := engine.Open(ctx, "go", nil) // which computes nothing: the networks are declared only
	if err != nil {
		return err
	}
	defer e.Close()
	store := model.NewStore()
	defer store.Finalize()
	for _, part := range o.read {
		if err := o.base.Load(e.Backend, store, "/"+part, part); err != nil {
			return err
		}
	}
	return nil
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
func keeps(tensors tensorsOf, cfg distill.Config) (kept, error) {
	k, values := kept{size: map[string]int64{}, held: map[string]int64{}, moments: 2}, map[string]int64{}
	for _, part := range []string{"text_encoder", "text_encoder_2", "vae", "teacher"} {
		all, err := tensors(part)
		if err != nil {
			return k, err
		}
		for name, t := range all {
			n := int64(1)
			for _, dim := range t.Shape {
				n *= int64(dim)
			}
			bytes := min(4, int64(t.DType.Size())) // float64 becomes float32
			if cfg.Narrows(part, name, t.Shape) {
				bytes = 2
			}
			values[part], k.size[part], k.held[part] = values[part]+n, k.size[part]+n*int64(t.DType.Size()), k.held[part]+n*bytes
			if part == "teacher" {
				k.trained += int64(distill.LoRAValues(cfg.LoRA, name, t.Shape))
			}
		}
	}
	if k.unet = values["teacher"]; cfg.LoRA == 0 {
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
	add("teacher, frozen", k.unet, k.held["teacher"])
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

// affords wants a training that so many bytes of memory can hold, 0 for any. On endless data it keeps the text towers.
func affords(tensors tensorsOf, cfg distill.Config, endless bool, memory float64) error {
	k, err := keeps(tensors, cfg)
	least := k.total
	if !endless {
		least -= k.towers()
	}
	if err != nil || memory == 0 || float64(least) <= memory {
		return err
	}
	return fmt.Errorf("a training keeps %s, activations not counted, and there is memory of %s: --plan shows of what; --lora, and files in half precision (--variant fp16), take less",
		readable(least), readable(int64(memory)))
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
