package main

import (
	"fmt"
	"io"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/latent"
)

// plan prints the bytes of what a training keeps: networks, moments, averages. Activations come on top.
func plan(o options, cfg distill.Config, m *latent.Model, stdout io.Writer) error {
	sizes, err := m.Sizes()
	if err != nil {
		return err
	}
	unet := sizes["unet"].Values
	var total int64
	line := func(what string, bytes int64) { fmt.Fprintf(stdout, "%9.3f GB  %s\n", float64(bytes)/1e9, what) }
	add := func(what string, values, bytes int64) {
		total += bytes
		line(fmt.Sprintf("%s: %.1f million values", what, float64(values)/1e6), bytes)
	}
	for _, part := range []string{"text_encoder", "text_encoder_2", "vae"} {
		if s, ok := sizes[part]; ok {
			add(part+", frozen", s.Values, s.Bytes)
		}
	}
	add("teacher, frozen", unet, sizes["unet"].Bytes)
	add("student", unet, 4*unet)
	add("its average", unet, 4*unet)
	add("its gradient", unet, 4*unet)
	moments := int64(2)
	if cfg.Accumulate > 1 {
		moments++
	}
	add("moments"+map[bool]string{true: ", sum of gradients"}[cfg.Accumulate > 1], moments*unet, moments*4*unet)
	if cfg.Matching != nil {
		add("fake score with moments and gradient", (2+moments)*unet, (2+moments)*4*unet)
	}
	line("in all, without features, heads and activations", total)
	checkpoint := 4 * unet * (2 + moments)
	if cfg.Matching != nil {
		checkpoint += 4 * unet * (1 + moments)
	}
	_, err = fmt.Fprintf(stdout, "\n%d pictures of %d×%d a pass, %d passes a step, %d steps\ndisk: two checkpoints of %.1f GB each while it trains, a third while one is written; %.1f GB for the student\n",
		cfg.Batch, o.side(m), o.side(m), max(1, cfg.Accumulate), cfg.Steps, float64(checkpoint)/1e9, float64(4*unet)/1e9)
	return err
}
