package distill

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/train"
)

// gallery is a finite data set of pictures with these captions.
type gallery []string

func (g gallery) Name() string { return "gallery" }
func (g gallery) Hash() string { return strings.Join(g, "\n") }
func (g gallery) Train() dataset.Source {
	return filtered{hung{latentData().Train(), len(g)}, g.caption}
}
func (g gallery) Heldout() dataset.Source {
	return g.Train()
}

func (g gallery) caption(i int, s dataset.Sample) dataset.Sample {
	s.Caption = g[i]
	return s
}

type hung struct {
	dataset.Source
	n int
}

func (h hung) Len() int { return h.n }

var foxes = gallery{"a red fox", "a blue bird", "a red fox", "two cats", "a blue bird"}

// counting counts what the towers of a model read. To learn the shape of states one empty caption is turned into tokens.
type counting struct {
	*latent.Base
	read   map[string]int
	loaded int
	each   func() // is called before every caption
}

func counted(b *latent.Base) *counting {
	return &counting{Base: b, read: map[string]int{"": -1}, each: func() {}}
}

func (c *counting) Tokens(captions []string) ([]int32, int) {
	for _, caption := range captions {
		c.read[caption]++
	}
	c.each()
	return c.Base.Tokens(captions)
}

func (c *counting) Load(backend compute.Backend, store *model.Store, scope, part string) error {
	if part == textScope {
		c.loaded++
	}
	return c.Base.Load(backend, store, scope, part)
}

// openStates opens those of a gallery in a folder, and gives what was read for it.
func openStates(t *testing.T, b *latent.Base, dir string, g gallery, edits ...func(*Config)) (*states, map[string]int) {
	t.Helper()
	c, s := counted(b), &states{}
	in := Inputs{Config: tinyConfig(t, edits...), Bundle: c, Data: g, Backend: graphtest.Engine(), States: dir}
	if err := s.open(t.Context(), in, g.Train(), statesLimit, silent()); err != nil {
		t.Fatal(err)
	}
	if !s.there() {
		t.Fatal("no states")
	}
	t.Cleanup(s.close)
	if s.total != b.TextValues() {
		t.Errorf("%d values of a caption, want %d", s.total, b.TextValues())
	}
	maps.DeleteFunc(c.read, func(_ string, n int) bool { return n == 0 })
	return s, c.read
}

// A training on states has the losses of one whose towers run in every pass, to the last bit on the Go engine, in all terms that read
// captions. It holds no towers. Where states cannot be written, towers run.
func TestStatesTeachWhatTowersTeach(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("trains, on Linux: /dev/full is a full disk")
	}
	preset := func(name string) func(*Config) {
		return func(c *Config) {
			p, err := LatentConfig(name)
			if err != nil {
				t.Fatal(err)
			}
			p.Batch, p.Accumulate, p.Discriminator.MapDim = c.Batch, 2, 8
			*c = p.WithSteps(c.Steps)
			if c.Matching != nil {
				c.Matching.Rate.Warmup = 0
			}
		}
	}
	for name, test := range map[string]struct {
		folder string
		edit   func(*Config)
	}{
		"ADD of XL, guided": {"xl", func(c *Config) { c.TeacherGuidance = 3 }},
		"noise-free":        {"sd", func(c *Config) { c.Weighting, c.Negative = diffusion.NFSD, "ugly" }},
		"LADD":              {"sd", preset("ladd")},
		"consistency":       {"sd", preset("lcm")},
		"DMD2":              {"sd", preset("dmd2")},
		"regression":        {"sd", func(c *Config) { byRegression(c); c.TeacherGuidance = 2 }},
		"progressive": {"sd", func(c *Config) {
			c.Adversarial, c.TeacherGuidance, c.Times, c.Method = 0, 2, []int{1000, 500}, &Named{Progressive{From: 4, To: 2}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := tinyConfig(t, test.edit, func(c *Config) { c.Steps = 2 })
			kept, full, pairs := t.TempDir(), t.TempDir(), t.TempDir()
			curve := func(dir string) ([]map[string]float64, string, *counting) {
				c, notes := counted(tinyLatent(t, test.folder)), &strings.Builder{}
				in := Inputs{Config: cfg, Bundle: c, Data: foxes, Backend: graphtest.Engine(), Latents: t.TempDir(), States: dir, Pairs: pairs}
				d, err := open(t.Context(), in, train.NewProgress(notes))
				if err != nil {
					t.Fatal(err)
				}
				defer d.close()
				if towers := len(below(snapshot(d.store), textScope)); (towers > 0) == d.states.there() {
					t.Errorf("%d weights of towers beside states: %t", towers, d.states.there())
				}
				curve := bench{d}.take(t, cfg.Steps)
				if err := d.reset(t.Context(), in, silent()); err != nil { // as another seed does
					t.Fatal(err)
				}
				if diff := cmp.Diff(curve[0], bench{d}.take(t, 1)[0]); diff != "" {
					t.Errorf("losses of the first step (-first +again):\n%s", diff)
				}
				return curve, notes.String(), c
			}
			got, notes, c := curve(kept)
			if strings.Contains(notes, "towers run") {
				t.Errorf("notes = %q", notes)
			}
			if name == "noise-free" {
				if diff := cmp.Diff(map[string]int{"a red fox": 1, "a blue bird": 1, "two cats": 1, "": 1, "ugly": 1}, c.read); diff != "" {
					t.Errorf("towers read (-want +got):\n%s", diff)
				}
				if _, _, c = curve(kept); c.loaded > 0 {
					t.Error("towers are loaded for states that are all there")
				}
			}
			files, err := os.ReadDir(kept)
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			if err := os.Symlink("/dev/full", filepath.Join(full, files[0].Name())); err != nil {
				t.Fatal(err)
			}
			want, notes, c := curve(full)
			if !strings.Contains(notes, "no space left on device; text towers run in every pass") || c.loaded != 3 {
				t.Errorf("notes = %q, towers loaded %d times; want the disk full, and them for states, training and reset", notes, c.loaded)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("losses (-towers +states):\n%s", diff)
			}
		})
	}
}

// An interrupted file continues; records that were altered or cut off are made anew; a training whose file is altered under it stops.
func TestStatesAreCheckedAndResumed(t *testing.T) {
	b, dir := tinyLatent(t, "sd"), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	c := counted(b)
	c.each = func() {
		if c.read["a blue bird"] > 0 {
			cancel()
		}
	}
	in := Inputs{Config: tinyConfig(t), Bundle: c, Data: foxes, Backend: graphtest.Engine(), States: dir}
	if err := new(states).open(ctx, in, foxes.Train(), statesLimit, silent()); !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want the context's", err)
	}
	s, read := openStates(t, b, dir, foxes)
	if diff := cmp.Diff(map[string]int{"two cats": 1, "": 1, b.NegativeCaption(): 1}, read); diff != "" {
		t.Errorf("read after an interruption (-want +got):\n%s", diff)
	}
	all := func(s *states) (x [][]float32) {
		if err := s.read(foxes); err != nil {
			t.Fatal(err)
		}
		for _, caption := range append(slices.Clone(foxes), "", b.NegativeCaption()) {
			x = append(x, graphtest.Floats(s.of([]string{caption})))
		}
		return x
	}
	want := all(s)

	name := s.records.file.Name()
	raw, err := os.ReadFile(name)
	if err != nil || int64(len(raw)) != 5*s.records.size() {
		t.Fatalf("%d bytes (%v), want five records", len(raw), err)
	}
	raw[s.records.size()+100] ^= 1 // of the bird
	if err := os.WriteFile(name, raw[:len(raw)-1], 0o666); err != nil {
		t.Fatal(err)
	}
	if err := s.read(foxes); err == nil || !strings.Contains(err.Error(), "was altered after the training began: the same command mends it") {
		t.Errorf("error = %v, want the file named", err)
	}
	s, read = openStates(t, b, dir, foxes)
	if diff := cmp.Diff(map[string]int{"a blue bird": 1, b.NegativeCaption(): 1}, read); diff != "" {
		t.Errorf("read after changes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, all(s)); diff != "" {
		t.Errorf("states (-before +mended):\n%s", diff)
	}
}

// What states depend on names their file: captions, towers, what an empty caption says, precision. Another negative caption alone is read anew.
func TestStatesHaveAFileOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	files := func() int {
		all, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	changed := func(file, old, new string) *latent.Base {
		folder := tinylatent.Folder(t, "xl")
		path := filepath.Join(folder, filepath.FromSlash(file))
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatalf("%s: %v, want %q in it", file, err, old)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		return latentIn(t, folder)
	}
	xl := tinyLatent(t, "xl")
	first, _ := openStates(t, xl, dir, foxes)
	noise := func(c *Config) { c.Weighting, c.Negative = diffusion.NFSD, "ugly" }
	if _, read := openStates(t, xl, dir, foxes, noise); files() != 1 || !maps.Equal(read, map[string]int{"ugly": 1}) {
		t.Errorf("%d files, read %v; want one, and the negative caption alone", files(), read)
	}
	openStates(t, xl, dir, append(foxes, "a dog"))
	other, _ := openStates(t, changed("model_index.json", `"force_zeros_for_empty_prompt": true`, `"force_zeros_for_empty_prompt": false`), dir, foxes)
	if slices.Max(first.shared[""]) != 0 || slices.Max(other.shared[""]) == 0 {
		t.Error("states of the empty caption do not follow force_zeros_for_empty_prompt")
	}
	openStates(t, changed("text_encoder/config.json", "{", "{ "), dir, foxes) // whose hash stands for any file of the towers
	if got := files(); got != 4 {
		t.Errorf("%d files, want four", got)
	}
}

// States that would take too much of the disk, or that have no end, are not kept.
func TestStatesHaveALimit(t *testing.T) {
	in := Inputs{Config: tinyConfig(t), Bundle: tinyLatent(t, "sd"), Backend: graphtest.Engine(), States: t.TempDir()}
	for _, test := range []struct {
		data  dataset.Dataset
		limit int64
		want  string
	}{
		{foxes, 100, "want at most 1e-07: text towers run in every pass"},
		{latentData(), statesLimit, "captions: the data have no end: text towers run in every pass\n"},
	} {
		var s states
		var notes strings.Builder
		if err := s.open(t.Context(), in, test.data.Train(), test.limit, train.NewProgress(&notes)); err != nil || s.there() || !strings.Contains(notes.String(), test.want) {
			t.Errorf("error %v, states %t, notes %q; want none and %q", err, s.there(), notes.String(), test.want)
		}
	}
}
