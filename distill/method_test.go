package distill

import (
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/train"
)

// twoToOne is a method whose critic moves twice for each move of the student: both are counters that take the batch's number in.
type twoToOne struct{ seen map[string][]dataset.Batch }

type numberInput[T any] struct{ Number T }

func (twoToOne) Losses() []string { return []string{"student", "critic", "never"} }

func (twoToOne) Init(store *model.Store) error {
	_, err := store.CreateVariable("/critic/sum", tensors.FromScalar(float32(0)))
	return err
}

func (m twoToOne) Updates(int) []Update {
	update := func(name, path string) Update {
		return Update{
			Name: name,
			Draw: func(b dataset.Batch, number int) any {
				m.seen[name] = append(m.seen[name], b)
				return numberInput[*tensors.Tensor]{tensors.FromScalar(float32(number))}
			},
			Graph: train.GraphOf(func(root *model.Scope, in numberInput[*Node]) map[string]*Node {
				v := root.Store().GetVariable(path)
				v.SetNodeValue(Add(v.NodeValue(in.Number.Graph()), in.Number))
				return map[string]*Node{name: in.Number}
			}),
		}
	}
	critic := update("critic", "/critic/sum")
	return []Update{critic, critic, update("student", "/student/sum")}
}

// A method may move its networks n:m: every update has a fresh batch, is compiled once, and a loss is its mean over a step.
func TestUpdatesAlternate(t *testing.T) {
	cfg := tinyConfig(t)
	n := newBench(t, cfg, tinyBundle(t, 1))
	m := twoToOne{seen: map[string][]dataset.Batch{}}
	n.method = m
	if err := m.Init(n.store); err != nil {
		t.Fatal(err)
	}
	if _, err := n.store.CreateVariable("/student/sum", tensors.FromScalar(float32(0))); err != nil {
		t.Fatal(err)
	}
	want := []map[string]float64{{"critic": 1.5, "student": 3, "never": 0}, {"critic": 4.5, "student": 6, "never": 0}}
	if diff := cmp.Diff(want, n.take(t, 2)); diff != "" {
		t.Errorf("losses (-want +got):\n%s", diff)
	}
	moved := snapshot(n.store)
	if critic, student := moved["/critic/sum"], moved["/student/sum"]; !slices.Equal(critic, []float32{1 + 2 + 4 + 5}) || !slices.Equal(student, []float32{3 + 6}) {
		t.Errorf("critic took in %v, student %v, want 12 and 9", critic, student)
	}
	if len(n.programs) != 2 {
		t.Errorf("%d programs, want one for each of two updates", len(n.programs))
	}
	loader := dataset.NewLoader(tinyworld.New().Train(), cfg.Batch, cfg.Seed, "distill")
	for name, numbers := range map[string][]int{"critic": {1, 2, 4, 5}, "student": {3, 6}} {
		for i, number := range numbers {
			fresh, err := loader.Batch(number)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fresh.Indices, m.seen[name][i].Indices); diff != "" {
				t.Errorf("%s, batch %d (-want +got):\n%s", name, number, diff)
			}
		}
	}
}

// DiffAugment changes colours and moves by pixels. LADD has none in latents; pictures are augmented before features see them.
func TestLatentsAreNotAugmented(t *testing.T) {
	b := tinyLatent(t, "sd")
	for _, edit := range []func(*Config){func(*Config) {}, fDistilled("js")} {
		for _, augment := range []bool{true, false} {
			cfg := tinyConfig(t, edit, func(c *Config) { c.FeaturesNet, c.Discriminator.Augment = teacherScope, augment })
			_, err := newMethod(cfg, b)
			if refused := err != nil && strings.Contains(err.Error(), "discriminator.augment = true, want false with features_net"); refused != augment || !augment && err != nil {
				t.Errorf("augment %t: error %v", augment, err)
			}
		}
	}
	if _, err := newMethod(tinyConfig(t), b); err != nil {
		t.Errorf("decoded pictures: error %v", err)
	}
}
