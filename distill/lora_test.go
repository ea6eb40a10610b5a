package distill

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
)

// A student by LoRA begins as its teacher, moves nothing but A and B, and is saved whole: the teacher with B·A added to what diffusers adapts.
func TestLoRAStudents(t *testing.T) {
	cfg := tinyConfig(t, func(c *Config) { c.LoRA, c.StudentRate.Warmup, c.EMA = 2, 0, 0 })
	for name, b := range map[string]Base{"pixels": tinyBundle(t, 1), "latents": tinyLatent(t, "sd")} {
		t.Run(name, func(t *testing.T) {
			in := Inputs{Config: cfg, Bundle: b, Data: latentData(), Backend: graphtest.Engine(), Latents: t.TempDir()}
			if name == "pixels" {
				in.Data = tinyworld.New()
			}
			training, err := open(t.Context(), in, silent())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(training.close)
			d := bench{training}
			drawn := func() (student, teacher []float32) {
				s := d.method.(*add).setup
				out := graphtest.Run(t, d.store, func(root *model.Scope, in []*Node) []*Node {
					n, level := networks{setup: s, root: root}, diffusion.LevelFrom(in[1])
					text := n.text(in[2])
					return []*Node{n.student()(in[0], level, text), n.teacher()(in[0], level, text)}
				}, s.normal("test", 1, 1), s.levels([]float64{.6}), s.tokens("a red fox"))
				return graphtest.Floats(out[0]), graphtest.Floats(out[1])
			}
			if student, teacher := drawn(); !slices.Equal(student, teacher) {
				t.Error("the student does not begin as its teacher")
			}
			before := snapshot(d.store)
			d.take(t, 2)
			after := snapshot(d.store)
			if diff := cmp.Diff([]string{discriminatorScope, "optimizer", studentScope, studentEMAScope}, movedScopes(before, after)); diff != "" {
				t.Errorf("moved (-want +got):\n%s", diff)
			}
			average, err := weights.FromStore(d.store, "/"+studentEMAScope)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := merged(d.Backend, d.store, average)
			if err != nil {
				t.Fatal(err)
			}
			changed := 0
			for name, w := range whole.Tensors {
				old := after["/"+teacherScope+"/"+strings.ReplaceAll(name, ".", "/")]
				a, ok := average.Tensors[strings.TrimSuffix(name, ".weight")+".lora_A.weight"]
				if !ok {
					if !slices.Equal(old, w.Data) {
						t.Errorf("%s is not the teacher's", name)
					}
					continue
				}
				changed++
				b := average.Tensors[strings.TrimSuffix(name, ".weight")+".lora_B.weight"]
				want := slices.Clone(old)
				for i := range w.Shape[0] {
					for j := range w.Shape[1] {
						for k := range cfg.LoRA {
							want[i*w.Shape[1]+j] += b.Data[i*cfg.LoRA+k] * a.Data[k*w.Shape[1]+j]
						}
					}
				}
				near(t, name, want, w.Data, 1e-5)
			}
			if changed == 0 || 2*changed != len(average.Tensors) {
				t.Errorf("%d matrices are adapted with %d tensors", changed, len(average.Tensors))
			}
			// The whole network in the student's place draws what the student draws.
			student, _ := drawn()
			if err := weights.Into(d.store, "/whole", whole); err != nil {
				t.Fatal(err)
			}
			s := d.method.(*add).setup
			out := graphtest.Run(t, d.store, func(root *model.Scope, in []*Node) []*Node {
				n := networks{setup: s, root: root}
				return []*Node{n.denoiser("whole", teacherScope)(in[0], diffusion.LevelFrom(in[1]), n.text(in[2]))}
			}, s.normal("test", 1, 1), s.levels([]float64{.6}), s.tokens("a red fox"))
			near(t, "picture of the whole network", student, graphtest.Floats(out[0]), 1e-4)
		})
	}
}

// In bfloat16 frozen factors of products are kept as what they are multiplied as. What trains, and a LoRA's teacher, is not touched.
func TestFrozenFactorsAreKeptInHalves(t *testing.T) {
	b := tinyBundle(t, 1)
	for name, test := range map[string]struct {
		edit              func(*Config)
		teacher, features bool // some of it is kept in bfloat16
	}{
		"float32":   {func(*Config) {}, false, false},
		"bfloat16":  {func(c *Config) { c.Precision = BF16 }, true, true},
		"of a LoRA": {func(c *Config) { c.Precision, c.LoRA = BF16, 2 }, false, true},
	} {
		store, err := newStore(graphtest.Engine(), b, tinyConfig(t, test.edit), true)
		if err != nil {
			t.Fatal(err)
		}
		half := map[string]bool{}
		for v := range store.IterVariables() {
			if v.DType() != dtypes.BFloat16 {
				continue
			}
			half[strings.Split(v.Path(), "/")[1]] = true
			if !strings.HasSuffix(v.Path(), "/weight") || v.Shape().Rank() < 2 {
				t.Errorf("%s: %s is in bfloat16, want factors of products alone", name, v.Path())
			}
		}
		if half[teacherScope] != test.teacher || half[featuresScope] != test.features || half[studentScope] {
			t.Errorf("%s: scopes with bfloat16 = %v, want the teacher %t, features %t, the student false", name, half, test.teacher, test.features)
		}
		store.Finalize()
	}
}

func TestHalfProductsWantAnEngineThatHasThem(t *testing.T) {
	cfg := tinyConfig(t, func(c *Config) { c.Precision = BF16 })
	_, err := open(t.Context(), Inputs{Config: cfg, Bundle: tinyBundle(t, 1), Data: tinyworld.New(), Backend: graphtest.Engine()}, silent())
	if err == nil || !strings.Contains(err.Error(), `precision = "bf16", want an XLA engine`) {
		t.Errorf("error %v", err)
	}
}
