package distill

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/train"
)

// What each kind of cell may touch in a step. All of them must run on the pure Go engine.
func TestStepMovesOnlyWhatLearns(t *testing.T) {
	both := []string{"discriminator", "optimizer", "student", "student_ema"}
	alone := []string{"optimizer", "student", "student_ema"}
	b := tinyBundle(t, 1)
	for _, test := range []struct {
		name string
		edit func(c *Config)
		want []string
	}{
		{"default", func(*Config) {}, both},
		{"discriminator sees text only", func(c *Config) { c.Discriminator.Image = false }, both},
		{"discriminator sees images only", func(c *Config) { c.Discriminator.Text = false }, both},
		{"discriminator sees nothing", func(c *Config) { c.Discriminator.Text, c.Discriminator.Image = false, false }, both},
		{"group norm, no augmentation, no R1", func(c *Config) {
			c.Discriminator.Norm, c.Discriminator.Augment, c.Discriminator.R1Weight = discriminator.NormGroup, false, 0
		}, both},
		{"R1 not this time", func(c *Config) { c.Discriminator.R1Every = 2 }, both},
		{"random start", func(c *Config) { c.Init = Random }, both},
		{"adversarial loss alone", func(c *Config) { c.Lambda = 0 }, both},
		{"distillation alone", func(c *Config) { c.Adversarial = 0 }, alone},
		{"sds, guided teacher", func(c *Config) { c.Weighting, c.TeacherGuidance = "sds", 3 }, both},
		{"nfsd, sum over pixels", func(c *Config) { c.Weighting, c.Reduction = "nfsd", Sum }, both},
		{"two teacher steps", func(c *Config) { c.TeacherSteps = 2 }, both},
		{"another first time", func(c *Config) { c.Times[0] = 950 }, both},
		{"consistency", consistent, alone},
		{"consistency beside a discriminator", func(c *Config) { consistent(c); c.Adversarial = 1 }, both},
		{"student by Muon", func(c *Config) { c.Muon = true }, both},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newBench(t, tinyConfig(t, test.edit), b)
			before := snapshot(n.store)
			values := n.take(t, 1)[0]
			after := snapshot(n.store)
			if diff := cmp.Diff(test.want, movedScopes(before, after)); diff != "" {
				t.Errorf("scopes that moved (-want +got):\n%s", diff)
			}
			// Moments belong to the two networks and to no other.
			for path := range below(after, "optimizer") {
				owner, rest, _ := strings.Cut(path, "/")
				if !slices.Contains(test.want, owner) || !strings.Contains(rest, "/"+owner+"/") {
					t.Errorf("there is a moment /optimizer/%s", path)
				}
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(below(after, studentScope))), slices.Sorted(maps.Keys(below(after, studentEMAScope)))); diff != "" {
				t.Errorf("variables of the student (-) and of its average (+):\n%s", diff)
			}
			// What a cell leaves out is reported as 0.
			for _, term := range []struct {
				on      bool
				columns []string
			}{
				{n.Config.Adversarial > 0, []string{"g_adv", "d_real", "d_fake", "adv_grad", "d_grad"}},
				{n.Config.Adversarial > 0 && n.Config.Discriminator.R1Weight > 0 && n.Config.Discriminator.R1Every == 1, []string{"r1"}},
				{n.Config.Lambda > 0, []string{"distill", "distill_grad"}},
				{true, []string{"student_grad"}},
				{n.Config.Init == Pretrained, []string{"pixel_var"}}, // the last layer of an untrained student is 0, and so is its first picture
			} {
				for _, name := range term.columns {
					if (values[name] != 0) != term.on {
						t.Errorf("%s = %g, want it to be 0: %v", name, values[name], !term.on)
					}
				}
			}
		})
	}
}

// Each update sees the other network as it was before the step: with one rate at 0, the other network moves as if it were not.
func TestUpdatesOfAStepAreIndependent(t *testing.T) {
	b := tinyBundle(t, 1)
	after := func(edit func(c *Config)) map[string][]float32 {
		cfg := tinyConfig(t)
		edit(&cfg) // past Validate, which wants rates above 0
		n := newBench(t, cfg, b)
		n.take(t, 1)
		return snapshot(n.store)
	}
	start, full := snapshot(newBench(t, tinyConfig(t), b).store), after(func(*Config) {})
	for _, test := range []struct {
		name, moves, stays string
		edit               func(c *Config)
	}{
		{"the discriminator's step", discriminatorScope, studentScope, func(c *Config) { c.StudentRate.Peak = 0 }},
		{"the student's step", studentScope, discriminatorScope, func(c *Config) { c.DiscriminatorRate.Peak = 0 }},
	} {
		one := after(test.edit)
		if diff := cmp.Diff(below(full, test.moves), below(one, test.moves)); diff != "" {
			t.Errorf("%s depends on the other network's (-both +alone):\n%s", test.name, diff)
		}
		for path, x := range below(one, test.stays) {
			// The power iteration u of the spectral norm is no weight: it follows every look at the heads.
			if !strings.HasSuffix(path, "/u") && !slices.Equal(below(start, test.stays)[path], x) {
				t.Errorf("%s moves /%s/%s", test.name, test.stays, path)
			}
		}
	}
}

func TestStudentStart(t *testing.T) {
	b := tinyBundle(t, 1)
	student := func(cfg Config) map[string][]float32 {
		store, err := newStore(graphtest.Engine(), b, cfg, true)
		if err != nil {
			t.Fatal(err)
		}
		for v := range store.IterVariables() {
			scope := strings.Split(v.Path(), "/")[1]
			if want := scope == studentScope || scope == discriminatorScope && !strings.HasSuffix(v.Path(), "/u"); v.Trainable != want {
				t.Errorf("init = %s: %s is trainable: %v, want %v", cfg.Init, v.Path(), v.Trainable, want)
			}
		}
		values := snapshot(store)
		if equal := cmp.Equal(below(values, teacherScope), below(values, studentScope)); equal != (cfg.Init == Pretrained) {
			t.Errorf("init = %s: student equals the teacher: %v", cfg.Init, equal)
		}
		return below(values, studentScope)
	}
	random := func(c *Config) { c.Init = Random }
	pretrained, first := student(tinyConfig(t)), student(tinyConfig(t, random))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(pretrained)), slices.Sorted(maps.Keys(first))); diff != "" {
		t.Errorf("variables of a pretrained (-) and of a random (+) student:\n%s", diff)
	}
	if !cmp.Equal(first, student(tinyConfig(t, random))) {
		t.Error("equal seeds give two random students")
	}
	if cmp.Equal(first, student(tinyConfig(t, random, func(c *Config) { c.Seed = 2 }))) {
		t.Error("two seeds give the same random student")
	}
}

// What the student is trained on at τ_n holds nothing of the real picture: neither its input, even where the schedule leaves signal
// there, nor what the heads are told.
func TestNothingOfThePictureAtPureNoise(t *testing.T) {
	b := tinyBundle(t, 1)
	student := func(cfg Config, pictureSeed int64) (map[string][]float32, float64) {
		n := newBench(t, cfg, b)
		pictures := graphtest.Normals(pictureSeed, cfg.Batch, tinyworld.Size, tinyworld.Size, 3)
		var in any
		if cfg.Consistency != nil {
			lcm := inputsOf[lcmInputs[*tensors.Tensor]](t, n, 1)
			lcm.Real = pictures
			in = lcm
		} else {
			add := inputsOf[hostInputs](t, n, 1)
			add.Real = pictures
			in = add
		}
		losses := n.update(t, in)
		return below(snapshot(n.store), studentScope), losses["d_real"]
	}
	alone := tinyConfig(t, func(c *Config) { c.Times = []int{1000} })
	oneStep := tinyConfig(t, consistent, func(c *Config) { c.Adversarial, c.Consistency.Grid = 1, 1 }) // from t = 1 to 0
	for _, test := range []struct {
		name     string
		schedule diffusion.Schedule
		cfg      Config
	}{
		{"default", diffusion.Cosine{}, alone},
		{"another first time", diffusion.Cosine{}, tinyConfig(t, func(c *Config) { c.Times = []int{950} })},
		{"a schedule that ends in signal", diffusion.StableDiffusion{}, alone},
		{"consistency with such a schedule", diffusion.StableDiffusion{}, oneStep},
	} {
		b.Config.Schedule = test.schedule.Name()
		one, oneReal := student(test.cfg, 1)
		other, otherReal := student(test.cfg, 2)
		if !cmp.Equal(one, other) {
			t.Errorf("%s, s = τ_n: the real picture reaches the student", test.name)
		}
		if oneReal == otherReal {
			t.Errorf("%s: the discriminator does not see the real picture: the test shows nothing", test.name)
		}
	}
	b.Config.Schedule = diffusion.Cosine{}.Name()
	more := tinyConfig(t, func(c *Config) { c.Times = []int{1000, 500} })
	one, _ := student(more, 1)
	if other, _ := student(more, 2); cmp.Equal(one, other) {
		t.Error("s < τ_n: the real picture does not reach the student")
	}
}

// c_img alone: the heads are told of the picture where any of it is in the student's input, and of nothing at pure noise.
func TestImageConditionIsMasked(t *testing.T) {
	b := tinyBundle(t, 1)
	cfg := tinyConfig(t, func(c *Config) { c.Times = []int{1000}; c.Discriminator.Text = false })
	generator := func(pictureSeed int64, alpha float32) float64 {
		n := newBench(t, cfg, b)
		in := inputsOf[hostInputs](t, n, 1)
		in.Real = graphtest.Normals(pictureSeed, cfg.Batch, tinyworld.Size, tinyworld.Size, 3)
		start := slices.Repeat([]float32{1, alpha, 1}, cfg.Batch)
		in.Start = train.F32(start, cfg.Batch, 3)
		return n.update(t, in)["g_adv"]
	}
	if one, other := generator(1, 0), generator(2, 0); one != other {
		t.Errorf("α = 0: g_adv = %g and %g beside two pictures, want equal", one, other)
	}
	// So little that it is lost when it is added to noise: the student's input stays the same.
	if one, other := generator(1, 1e-30), generator(2, 1e-30); one == other {
		t.Errorf("α > 0: g_adv = %g beside two pictures, want two values", one)
	}
}

// rates are those of the first step, by the scope of what moves.
func rates(cfg Config) map[string]float64 {
	all := map[string]float64{studentScope: cfg.StudentRate.At(1, cfg.Steps)}
	if cfg.Adversarial > 0 {
		all[discriminatorScope] = cfg.DiscriminatorRate.At(1, cfg.Steps)
	}
	if cfg.Matching != nil {
		all[fakeScope] = cfg.Matching.Rate.At(1, cfg.Steps)
	}
	return all
}

// Three programs do what one does: equal losses, and equal moves of student, average, heads and fake score, to rounding.
func TestADividedStepIsTheWholeStep(t *testing.T) {
	b := tinyLatent(t, "sd")
	for name, test := range map[string]struct {
		edit  func(*Config)
		whole func(m Method, b dataset.Batch) (train.Graph, any)
	}{
		"add, decoded distances": {func(c *Config) { c.DistillPixels, c.TeacherGuidance = true, 3 }, func(m Method, b dataset.Batch) (train.Graph, any) {
			add := m.(*add)
			return whole(add.setup, add.update), add.draw(b, 1, 1)
		}},
		"add, scores of pure noise and real pictures": {func(c *Config) {
			c.Pure, c.Reconstruct, c.Matching, c.Discriminator.StudentTime = 2, 1, aMatching(), true
			c.Matching.PureOnly = true
		}, func(m Method, b dataset.Batch) (train.Graph, any) {
			add := m.(*add)
			return whole(add.setup, add.update), add.draw(b, 1, 1)
		}},
		"lcm": {func(c *Config) { consistent(c); c.Consistency.Grid = 10 }, func(m Method, b dataset.Batch) (train.Graph, any) {
			lcm := m.(*lcm)
			return whole(lcm.setup, lcm.update), lcm.draw(b, 1, 1)
		}},
		"f-distill": {func(c *Config) { fDistilled("js")(c); c.Discriminator.Augment = false }, func(m Method, b dataset.Batch) (train.Graph, any) {
			f := m.(*fdistill)
			return whole(f.setup, f.update), f.draw(b, 1, 1)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := tinyConfig(t, test.edit, func(c *Config) { c.StudentRate.Warmup, c.EMA = 0, .5 })
			one, three := latentBench(t, cfg, b), latentBench(t, cfg, b)
			batch, err := one.batch(1)
			if err != nil {
				t.Fatal(err)
			}
			graph, in := test.whole(one.method, batch)
			want, got := one.call(t, graph, in), three.take(t, 1)[0]
			for name, x := range want {
				if math.Abs(x-got[name]) > 1e-5*math.Abs(x)+1e-6 {
					t.Errorf("%s = %g in three programs, %g in one", name, got[name], x)
				}
			}
			for scope := range rates(cfg) {
				near(t, scope, flat(below(snapshot(one.store), scope)), flat(below(snapshot(three.store), scope)), 1e-4)
			}
		})
	}
}

// whole is an update in one program.
func whole[N any](s setup, update func(n networks, in N, r1, alone bool) map[string]*Node) train.Graph {
	return train.GraphOf(func(root *model.Scope, in N) map[string]*Node {
		return update(networks{setup: s, root: root}, in, true, false)
	})
}
