package distill

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// latentSize is the side of the pictures; their latents have half of it, the features see a quarter.
const latentSize = 16

// tinyLatent is a small latent diffusion model as diffusers saved it, with random features.
func tinyLatent(t testing.TB, folder string) *latent.Base {
	t.Helper()
	return latentIn(t, tinylatent.Folder(t, folder))
}

// latentIn is the one in a folder.
func latentIn(t testing.TB, folder string) *latent.Base {
	t.Helper()
	m, err := latent.Open(t.Context(), folder, latent.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := latent.NewBase(m, latentSize, tinyFeatures(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func latentData() *dataset.Scenes {
	return &dataset.Scenes{Config: dataset.ScenesConfig{Size: latentSize, MaxObjects: 2, Jitter: 1, Seed: 1}}
}

func latentBench(t testing.TB, cfg Config, b Base) bench {
	t.Helper()
	d, err := open(t.Context(), Inputs{Config: cfg, Bundle: b, Data: latentData(), Backend: graphtest.Engine(), Latents: t.TempDir()}, silent())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	return bench{d}
}

// In one step from noise student and pipeline draw the same picture: both tell the U-Net the same of level, caption and sizes. A student
// of consistency is drawn by LCM's scheduler, whose noise is larger.
func TestALatentStudentBeginsAsItsTeacher(t *testing.T) {
	for name, test := range map[string]struct {
		folder, sampler string
		edit            func(*Config)
	}{
		"sd":          {"sd", "", func(*Config) {}},
		"xl":          {"xl", "", func(*Config) {}},
		"consistency": {"sd", "lcm", consistent},
	} {
		t.Run(name, func(t *testing.T) {
			b := tinyLatent(t, test.folder)
			p, err := b.Model.Load(graphtest.Engine())
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			side, channels := b.Latents()
			noise := graphtest.Floats(graphtest.Normals(3, 1, side, side, channels))
			want, err := p.Draw(t.Context(), latent.Request{
				Prompts: []string{"a red fox"}, Sampler: test.sampler, Steps: 1, Size: latentSize, Noise: func(_, _, _ int) []float32 { return noise },
			})
			if err != nil {
				t.Fatal(err)
			}
			cfg := tinyConfig(t, test.edit, func(c *Config) { c.Batch = 1 })
			d := latentBench(t, cfg, b)
			s, err := newSetup(cfg, b)
			if err != nil {
				t.Fatal(err)
			}
			// The training's own start, at its first time, is where the scheduler begins.
			in := s.studentOn(dataset.Batch{Images: make([]float32, latentSize*latentSize*3), Captions: []string{"a red fox"}, Latents: make([]float32, len(noise))}, s.samples(noise), 1, 1, []float64{1})
			_, sigma := s.schedule.AlphaSigma(1)
			if test.sampler == "lcm" {
				sigma = 1
			}
			if level := graphtest.Floats(in.Start); level[1] != 0 || level[2] != float32(sigma) {
				t.Errorf("start = %v, want no signal and noise of %g", level, sigma)
			}
			start := slices.Clone(noise)
			for i := range start {
				start[i] *= float32(sigma)
			}
			got := graphtest.Run(t, d.store, func(root *model.Scope, in []*Node) []*Node {
				n := networks{setup: s, root: root}
				return []*Node{n.picture(n.student()(in[0], diffusion.LevelFrom(in[1]), n.text(in[2])))}
			}, s.samples(start), s.levels([]float64{1}), s.tokens("a red fox"))[0]
			near(t, "picture", want, graphtest.Floats(got), 1e-4)
		})
	}
}

// Steps of latent methods move student, heads and nothing frozen.
func TestLatentStepsMoveStudentAndHeads(t *testing.T) {
	preset := func(name string) func(*Config) {
		preset, err := LatentConfig(name)
		if err != nil {
			t.Fatal(err)
		}
		return func(c *Config) {
			preset.Steps, preset.Batch, preset.Accumulate, preset.Discriminator.MapDim = c.Steps, c.Batch, 2, 8
			*c = preset.WithSteps(c.Steps)
			if c.Matching != nil {
				c.Matching.Rate.Warmup = 0
			}
		}
	}
	for name, test := range map[string]struct {
		folder string
		edit   func(c *Config)
	}{
		"ADD":                          {"sd", func(*Config) {}},
		"ADD of XL, decoded distances": {"xl", func(c *Config) { c.DistillPixels, c.TeacherGuidance = true, 3 }},
		"noise-free, random start":     {"sd", func(c *Config) { c.Weighting, c.Init = diffusion.NFSD, Random }},
		"LADD":                         {"sd", preset("ladd")},
		"DMD2":                         {"sd", preset("dmd2")},
		"features of CLIP":             {"sd", func(c *Config) { c.FeaturesNet, c.Discriminator.Taps = "features-clip", 2 }},
		"maps of EfficientNet":         {"sd", func(c *Config) { c.FeaturesNet = "features-maps" }},
		"consistency": {"sd", func(c *Config) {
			c.Consistency, c.Adversarial, c.TeacherGuidance = &Consistency{Grid: 10, Huber: .001}, 0, 3
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := tinyConfig(t, test.edit)
			d := latentBench(t, cfg, tinyLatent(t, test.folder))
			before := snapshot(d.store)
			for _, losses := range d.take(t, 1) {
				if cfg.Adversarial > 0 && losses["d_real"] <= 0 || cfg.Lambda > 0 && losses["distill"] <= 0 || losses["student_grad"] <= 0 {
					t.Errorf("losses = %v, want them all above 0", losses)
				}
			}
			want := []string{"optimizer", studentScope, studentEMAScope}
			if cfg.Adversarial > 0 {
				want = slices.Insert(want, 0, discriminatorScope)
			}
			if cfg.Matching != nil {
				want = append(want, fakeScope, strings.Trim(ratioMeans, "/"))
				slices.Sort(want)
			}
			if diff := cmp.Diff(want, movedScopes(before, snapshot(d.store))); diff != "" {
				t.Errorf("moved (-want +got):\n%s", diff)
			}
		})
	}
}

// A picture passes the autoencoder once: what a second training finds on disk is what the first one encoded, and half a record is none.
func TestLatentsAreKept(t *testing.T) {
	dir, data := t.TempDir(), tinyworld.Album(5)
	b, err := latent.NewBase(tinyLatent(t, "sd").Model, tinyworld.Size, tinybundle.ViT(t))
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	encoder := func() *encoder {
		store := model.NewStore()
		if err := b.Load(graphtest.Engine(), store, "/"+vaeScope, "vae"); err != nil {
			t.Fatal(err)
		}
		e, err := newEncoder(Inputs{Bundle: b, Data: data, Backend: graphtest.Engine(), Latents: dir}, store, func(text string) { notes = append(notes, text) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.close)
		return e
	}
	batch, err := dataset.NewLoader(data.Train(), 3, 1, "test").Batch(0)
	if err != nil {
		t.Fatal(err)
	}
	want, err := encoder().encode(batch)
	if err != nil {
		t.Fatal(err)
	}
	again := encoder()
	other := batch
	other.Images = make([]float32, len(batch.Images)) // which are not read any more
	if got, err := again.encode(other); err != nil || !slices.Equal(want, got) {
		t.Errorf("latents on disk differ (%v)", err)
	}
	if err := again.cache.file.Truncate(int64(4*(again.cache.values+1)*(slices.Max(batch.Indices)+1) - 2)); err != nil {
		t.Fatal(err)
	}
	if got, err := again.encode(batch); err != nil || !slices.Equal(want, got) {
		t.Errorf("half a record gives other latents (%v)", err)
	}
	if again.cache.file, err = os.Open(again.cache.file.Name()); err != nil { // where nothing can be written
		t.Fatal(err)
	}
	if batch, err = dataset.NewLoader(data.Train(), 3, 1, "test").Batch(1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := again.encode(batch); err != nil || len(notes) != 1 || !strings.Contains(notes[0], "; pictures are encoded anew from here on") {
			t.Errorf("error %v, notes %q, want one", err, notes)
		}
	}
	if c, err := openLatents(Inputs{Bundle: b, Data: latentData(), Latents: dir}, 1); c != nil || err != nil {
		t.Errorf("an endless source has a cache (%v)", err)
	}
}

// Stopped and started again, a latent training ends with the same student, which is saved as a model that opens and draws as it does.
func TestALatentStudentIsAModel(t *testing.T) {
	b, cfg := tinyLatent(t, "sd"), tinyConfig(t, func(c *Config) { c.Accumulate = 2 })
	train := func(root string, stop bool) (*record.Run, error) {
		run, err := record.Open(t.Context(), root, NewRunConfig(cfg, b, latentData()), record.Environment{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { run.Close() })
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		in := Inputs{Config: cfg, Bundle: b, Data: latentData(), Backend: graphtest.Engine(), Latents: t.TempDir()}
		in.Watch = func(step int, _ map[string]float64, _ func(string) error) error {
			if stop && step == 2 {
				cancel()
			}
			return nil
		}
		return run, new(Trainer).Train(ctx, in, run, silent())
	}
	stopped := t.TempDir()
	run, err := train(stopped, true)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want the context's", err)
	}
	run.Close()
	var files [2][]byte
	for i, root := range []string{stopped, t.TempDir()} {
		if run, err = train(root, false); err != nil {
			t.Fatal(err)
		}
		if files[i], err = os.ReadFile(filepath.Join(run.Dir(), StudentFile)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the resumed student differs from the undisturbed one")
	}
	student, err := weights.Read(filepath.Join(run.Dir(), StudentFile))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "student")
	if err := b.Save(graphtest.Engine(), dir, student, latent.FewSteps(0, cfg.Form())); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "model_index.json")); err != nil {
		t.Error(err)
	}
	draw := func(dir string) []float32 {
		m, err := latent.Open(t.Context(), dir, latent.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Load(graphtest.Engine())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		flat, err := p.Draw(t.Context(), latent.Request{Prompts: []string{"a fox"}, Steps: 1, Size: latentSize})
		if err != nil {
			t.Fatal(err)
		}
		return flat
	}
	if slices.Equal(draw(dir), draw(b.Dir)) {
		t.Error("the student draws what its teacher draws")
	}
}
