package distill

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// labelled is the built-in world with classes for captions.
type labelled struct{ *dataset.Scenes }

func (l labelled) Train() dataset.Source { return classes{l.Scenes.Train()} }

type classes struct{ dataset.Source }

func (c classes) Sample(i int) (dataset.Sample, error) {
	s, err := c.Source.Sample(i)
	s.Caption = []string{"cat", "dog", "7"}[uint(i)%3]
	return s, err
}

// A student of an EDM network begins as its teacher, which draws by Heun's first call what the pipeline draws, is trained, and is saved as
// a network that draws what it draws, in two steps as well.
func TestAStudentOfEDM(t *testing.T) {
	t.Run("with classes", func(t *testing.T) { studentOfEDM(t, tinyedm.File(t), labelled{tinyworld.New()}, "cat") })
	t.Run("without classes", func(t *testing.T) { studentOfEDM(t, tinyedm.Unconditional(t), tinyworld.New(), "whatever") })
}

func studentOfEDM(t *testing.T, file string, data dataset.Dataset, caption string) {
	m, err := edm.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	features := tinybundle.ViT(t)
	b, err := edm.NewBase(m, features)
	if err != nil {
		t.Fatal(err)
	}
	cfg := tinyConfig(t, func(c *Config) { c.StudentRate.Warmup, c.EMA = 0, 0 })
	in := Inputs{Config: cfg, Bundle: b, Data: data, Backend: graphtest.Engine()}
	training, err := open(t.Context(), in, silent())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(training.close)
	d := bench{training}
	s := d.method.(*add).setup
	noise := graphtest.Floats(graphtest.Normals(3, 1, b.Size(), b.Size(), 3))
	diffused := func(x0 []float32, time float64) []float32 {
		alpha, sigma := s.schedule.AlphaSigma(time)
		x := slices.Clone(noise)
		for i := range x {
			x[i] = float32(alpha)*x0[i] + float32(sigma)*x[i]
		}
		return x
	}
	predict := func(x []float32, time float64) []float32 {
		return graphtest.Floats(graphtest.Run(t, d.store, func(root *model.Scope, in []*Node) []*Node {
			n := networks{setup: s, root: root}
			return []*Node{n.student()(in[0], diffusion.LevelFrom(in[1]), n.text(in[2]))}
		}, s.samples(x), s.levels([]float64{time}), s.tokens(caption))[0])
	}
	one := func() []float32 { return predict(diffused(make([]float32, len(noise)), 1), 1) } // the student's step from noise
	draw := func(m *edm.Model, steps int) []float32 {
		p, err := m.Load(graphtest.Engine())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		class := edm.NoClass
		if m.Network.LabelDim > 0 {
			if class, err = m.Class(caption); err != nil {
				t.Fatal(err)
			}
		}
		x, err := p.Draw(t.Context(), edm.Request{Classes: []int{class}, Steps: steps, Noise: func(_, _, _ int) []float32 { return noise }})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	near(t, "before training", draw(m, 1), one(), 1e-4)

	before := snapshot(d.store)
	d.take(t, 2)
	if diff := cmp.Diff([]string{discriminatorScope, "optimizer", studentScope, studentEMAScope}, movedScopes(before, snapshot(d.store))); diff != "" {
		t.Errorf("moved (-want +got):\n%s", diff)
	}
	trained, saved := one(), filepath.Join(t.TempDir(), "student.safetensors")
	student, err := weights.FromStore(d.store, "/"+studentEMAScope)
	if err == nil {
		err = m.Save(saved, student, diffusion.FewStep{Times: []float64{1, .5}, Form: cfg.Form()})
	}
	if err != nil {
		t.Fatal(err)
	}
	opened, err := edm.Open(saved)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "saved", trained, draw(opened, 1), 1e-4)
	near(t, "saved, two steps", predict(diffused(trained, .5), .5), draw(opened, 2), 1e-4)
	if slices.Equal(draw(m, 1), draw(opened, 1)) {
		t.Error("the student draws what its teacher draws")
	}
	if _, err := record.Hash(NewRunConfig(cfg, b, in.Data)); err != nil {
		t.Error(err)
	}
}

// Random frequencies are nearly all fast: a student could not be told the noise without them.
func TestSCMRefusesFourierEmbeddings(t *testing.T) {
	features := tinybundle.ViT(t)
	for embedding, refused := range map[string]bool{"fourier": true, "positional": false} {
		m, err := edm.Open(tinyedm.File(t))
		if err != nil {
			t.Fatal(err)
		}
		m.Network.EmbeddingType = embedding
		b, err := edm.NewBase(m, features)
		if err != nil {
			t.Fatal(err)
		}
		method, err := newMethod(tinyConfig(t, continuous), b)
		if err == nil {
			err = method.Init(nil)
		}
		if (err != nil && strings.Contains(err.Error(), "embedding_type = fourier, want positional")) != refused {
			t.Errorf("%s: error %v, want one: %t", embedding, err, refused)
		}
	}
}
