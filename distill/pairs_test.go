package distill

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
)

func pairInputs(t *testing.T, edits ...func(*Config)) Inputs {
	t.Helper()
	return Inputs{Config: tinyConfig(t, append([]func(*Config){byRegression}, edits...)...), Bundle: tinyBundle(t, 1), Data: tinyworld.New(), Backend: graphtest.Engine()}
}

var fewPairs = Pairs{Count: 2 * pairBlock, Sampler: "ddim", Steps: 1, Seed: 3}

// One DDIM step ends in the guided teacher's x̂₀ of pure noise: x₀ of a pair belongs to its own noise and caption.
func TestPairsAreTheTeachers(t *testing.T) {
	in := pairInputs(t, func(c *Config) { c.TeacherGuidance = 2 })
	set, err := fewPairs.open(t.Context(), t.TempDir(), in, silent())
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline.New(in.Backend, in.Bundle.(*pretrain.Bundle))
	defer p.Close()
	g, err := p.Generator(pipeline.Teacher(1, 2), 4)
	if err != nil {
		t.Fatal(err)
	}
	var noise, drawn []float32
	var captions []string
	for _, i := range []int{0, 1, pairBlock - 1, pairBlock} {
		s, err := set.Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		caption, err := in.Data.Train().Sample(i)
		if err != nil || caption.Caption != s.Caption {
			t.Errorf("pair %d has the caption %q, training picture %q, %v", i, s.Caption, caption.Caption, err)
		}
		noise, drawn, captions = append(noise, fewPairs.noise(i, len(s.Image.Pix))...), append(drawn, s.Image.Pix...), append(captions, s.Caption)
	}
	want, err := g.Denoise(t.Context(), noise, 1, captions)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, drawn, cmpopts.EquateApprox(1e-3, 1e-3)); diff != "" { // half precision
		t.Errorf("(-denoised +pairs)\n%s", diff)
	}
}

// A set that was stopped or lost a block is completed to the same pairs, and what is there is not drawn again.
func TestPairsContinue(t *testing.T) {
	in, dir := pairInputs(t), t.TempDir()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := fewPairs.open(stopped, dir, in, silent()); !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want that of the context", err)
	}
	whole, err := fewPairs.open(t.Context(), dir, in, silent())
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := filepath.Glob(filepath.Join(dir, "*", "*.safetensors"))
	if err != nil || len(blocks) != 2 {
		t.Fatalf("blocks = %v, %v, want 2", blocks, err)
	}
	long := time.Now().Add(-time.Hour)
	if err := errors.Join(os.Chtimes(blocks[0], long, long), os.Remove(blocks[1])); err != nil {
		t.Fatal(err)
	}
	again, err := fewPairs.open(t.Context(), dir, in, silent())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(whole.x0, again.x0) {
		t.Error("a completed set has other pairs")
	}
	if info, err := os.Stat(blocks[0]); err != nil || time.Since(info.ModTime()) < time.Minute {
		t.Errorf("%v: a block that was there was written again", err)
	}
	text, err := os.ReadFile(blocks[1])
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "x0.safetensors")
	if err := weights.Write(other, &weights.File{Tensors: map[string]weights.Tensor{"x0": {Shape: []int{1}, Data: []float32{1}}}}, weights.F16); err != nil {
		t.Fatal(err)
	}
	small, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	for why, damaged := range map[string][]byte{"empty": nil, "cut off": text[:len(text)-1], "of another size": small} {
		if err := os.WriteFile(blocks[1], damaged, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := fewPairs.open(t.Context(), dir, in, silent()); err == nil || !strings.Contains(err.Error(), "remove ") || !strings.Contains(err.Error(), blocks[1]) {
			t.Errorf("%s: error = %v, want the file and what to do", why, err)
		}
	}
}

// Whatever decides the pairs makes a set of its own; more pairs of the same extend it.
func TestSetsOfPairs(t *testing.T) {
	dir, base := t.TempDir(), pairInputs(t)
	few := fewPairs
	few.Count = pairBlock
	sets := func(p Pairs, in Inputs) int {
		t.Helper()
		if _, err := p.open(t.Context(), dir, in, silent()); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	another, steps, guided, teacher := few, few, base, base
	another.Seed++
	steps.Steps++
	guided.Config.TeacherGuidance = 2
	teacher.Bundle = tinyBundle(t, 2)
	for i, c := range []struct {
		why  string
		p    Pairs
		in   Inputs
		want int
	}{
		{"the first", few, base, 1}, {"more", fewPairs, base, 1}, {"another seed", another, base, 2}, {"more steps", steps, base, 3},
		{"guidance", few, guided, 4}, {"another teacher", few, teacher, 5}, {"the first again", few, base, 5},
	} {
		if got := sets(c.p, c.in); got != c.want {
			t.Errorf("%d, %s: %d sets, want %d", i, c.why, got, c.want)
		}
	}
}

// Sets that were not used for long give way, the one in use never.
func TestOldPairsAreForgotten(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"own", "oldest", "older", "latest"} {
		path := filepath.Join(dir, name)
		used := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := errors.Join(os.Mkdir(path, 0o777), os.WriteFile(filepath.Join(path, "block"), make([]byte, 100), 0o666), os.Chtimes(path, used, used)); err != nil {
			t.Fatal(err)
		}
	}
	if err := forgetPairs(dir, filepath.Join(dir, "own"), 200); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if diff := cmp.Diff([]string{"latest", "older", "own"}, left); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Pairs of a latent teacher are latents: they decode to what it draws, and a student learns them with real pictures beside.
func TestPairsOfALatentTeacher(t *testing.T) {
	base := tinyLatent(t, "sd")
	cfg := tinyConfig(t, func(c *Config) {
		byRegression(c)
		s := DefaultRegression
		s.Pairs = Pairs{Count: pairBlock, Sampler: "ddim", Steps: 2, Seed: 3}
		c.Method, c.DistillPixels, c.TeacherGuidance, c.Adversarial = &Named{Settings: s}, false, 2, 1
	})
	in := Inputs{Config: cfg, Bundle: base, Data: latentData(), Backend: graphtest.Engine(), Latents: t.TempDir(), Pairs: t.TempDir(), States: t.TempDir()}
	pairs := Pairs{Count: pairBlock, Sampler: "ddim", Steps: 2, Seed: 3}
	set, err := pairs.open(t.Context(), in.Pairs, in, silent())
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline.New(in.Backend, base)
	defer p.Close()
	g, err := p.Generator(pipeline.Sampling{Sampler: diffusion.DDIM{}, Steps: 2, Guidance: 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	var captions []string
	for i := range 3 {
		s, err := in.Data.Train().Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		captions = append(captions, s.Caption)
	}
	want, _, err := g.Draw(t.Context(), captions, pairs.blockSeed(0))
	if err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(in.Backend, model.NewStore(), func(root *model.Scope, z *Node) *Node { return base.Decode(root.At("vae"), z) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	if err := base.Load(in.Backend, exec.Store(), "/vae", "vae"); err != nil {
		t.Fatal(err)
	}
	side, channels := base.Latents()
	got, err := exec.Call1(train.F32(slices.Concat(set.clean(0), set.clean(1), set.clean(2)), 3, side, side, channels))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tensors.MustCopyFlatData[float32](got), cmpopts.EquateApprox(1e-2, 1e-2)); diff != "" { // half precision
		t.Errorf("decoded pairs (-want +got):\n%s", diff)
	}

	d, err := open(t.Context(), in, silent())
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	b, err := d.batch(1)
	if err != nil {
		t.Fatal(err)
	}
	i := b.Indices[0]
	picture, err := in.Data.Train().Sample(i)
	if err != nil {
		t.Fatal(err)
	}
	if whole := d.method.(*regression).pictures(b); !slices.Equal(whole.Latents[:set.values], set.clean(i)) || !slices.Equal(whole.Images[:len(picture.Image.Pix)], picture.Image.Pix) {
		t.Error("a batch does not have the teacher's latents beside the pictures of their captions")
	}
	if _, err := d.step(1); err != nil {
		t.Error(err)
	}
}
