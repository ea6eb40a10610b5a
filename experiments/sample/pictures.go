package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/report/plot"
)

// edmBlock is how many pictures of EDM are drawn at once, before they are written. Latent models draw one by one.
const edmBlock = 64

// writePictures draws pictures into a folder, as evaluate reads it: 000000.png and so on. Those that are there stay, so that an interrupted
// command continues. what and the hashes of files, those of the model, say what they are, and must be what the folder was begun with: they are
// kept beside it. draw gives pictures from … to−1, a block at most, which do not depend on what else is drawn.
func writePictures(ctx context.Context, dir, what string, files []string, n, block int, stderr io.Writer, draw func(from, to int) ([]dataset.Image, error)) error {
	for _, name := range files {
		sum, err := weights.SHA256(name)
		if err != nil {
			return err
		}
		what += fmt.Sprintf("SHA-256 %s %s\n", sum, filepath.Base(name))
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	file := func(i int) string { return filepath.Join(dir, fmt.Sprintf("%06d.png", i)) }
	about := filepath.Clean(dir) + ".txt"
	switch text, err := os.ReadFile(about); {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(file(0)); err == nil {
			return fmt.Errorf("pictures = %s has pictures, and %s does not say which, want a new folder", dir, about)
		}
		if err := os.WriteFile(about, []byte(what), 0o666); err != nil {
			return err
		}
	case err != nil:
		return err
	case string(text) != what:
		return fmt.Errorf("pictures = %s was begun with other settings (%s), want a new folder", dir, about)
	}
	if _, err := os.Stat(file(n)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pictures = %s has more than %d pictures, want a new folder or a larger n", dir, n)
	}
	told := time.Now()
	for from := 0; from < n; from += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(from+block, n)
		missing := false
		for i := from; i < to; i++ {
			_, err := os.Stat(file(i))
			missing = missing || err != nil
		}
		if !missing {
			continue
		}
		pictures, err := draw(from, to)
		if err != nil {
			return err
		}
		for i, p := range pictures {
			rgb := image.NewRGBA(image.Rect(0, 0, p.Size, p.Size))
			for k := range p.Size * p.Size {
				rgb.SetRGBA(k%p.Size, k/p.Size, plot.Pixel(p.Pix[3*k:3*k+3]))
			}
			if err := atomicfile.Write(file(from+i), func(w io.Writer) error { return png.Encode(w, rgb) }); err != nil {
				return err
			}
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			fmt.Fprintf(stderr, "%d of %d pictures\n", to, n)
		}
	}
	return nil
}

// finite refuses flat pictures with values that are no numbers, or infinite: clipped, those look like colours.
func finite(flat []float32, size int) error {
	for i, v := range flat {
		if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("picture %d is not finite: %g", 1+i/(size*size*3), x)
		}
	}
	return nil
}

// noiseFrom is the noise of pictures from a number on.
func noiseFrom(seed int64, from int) func(k, i, n int) []float32 {
	return func(k, i, n int) []float32 { return rng.Normal(rng.New(seed, fmt.Sprintf("sample/%d", k), from+i), n) }
}

// edmPictures draws n pictures of a row's classes in turn.
func edmPictures(ctx context.Context, o options, p *edm.Pipeline, row edmRow, stderr io.Writer) error {
	what := fmt.Sprintf("%s\nclasses %v\nseed %d\n", row.name, row.Classes, o.seed)
	return writePictures(ctx, o.model.pictures, what, []string{p.File}, o.n, edmBlock, stderr, func(from, to int) ([]dataset.Image, error) {
		r := row.Request
		r.Classes, r.Noise = nil, noiseFrom(o.seed, from)
		for i := from; i < to; i++ {
			r.Classes = append(r.Classes, row.Classes[i%len(row.Classes)])
		}
		flat, err := p.Draw(ctx, r)
		return dataset.Cut(flat, p.Network.Resolution), cmp.Or(err, finite(flat, p.Network.Resolution))
	})
}

// latentPictures draws n pictures of the captions in turn, and writes each before the next, as one may take minutes.
func latentPictures(ctx context.Context, o options, p *latent.Pipeline, row modelRow, progress func(picture, call, calls int)) error {
	what := fmt.Sprintf("%s, %d pixels\nprompts %q, negative %q\nseed %d\n", row.name, row.Size, o.prompts, o.model.negative, o.seed)
	return writePictures(ctx, o.model.pictures, what, p.Files(), o.n, 1, io.Discard, func(from, _ int) ([]dataset.Image, error) {
		r := row.Request
		r.Prompts, r.Noise = []string{o.prompts[from%len(o.prompts)]}, noiseFrom(o.seed, from)
		r.Progress = func(_, call, calls int) { progress(from+1, call, calls) }
		flat, err := p.Draw(ctx, r)
		return dataset.Cut(flat, r.Size), cmp.Or(err, finite(flat, r.Size))
	})
}
