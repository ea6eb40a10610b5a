package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
)

// spy is a sampler with a plan of its own that remembers what it was asked.
type spy struct {
	plan  []diffusion.Step
	steps int
}

func (s *spy) Name() string { return "spy" }
func (s *spy) Plan(_ diffusion.Schedule, steps int) ([]diffusion.Step, error) {
	s.steps = steps
	return s.plan, nil
}

var testCaptions = []string{"a red circle", "a blue square", "a small green triangle on a white background", "a circle", "a square left of a circle"}

func draw(t testing.TB, p *Pipeline, s Sampling, batch int, captions []string, seed int64) []float32 {
	t.Helper()
	g, err := p.Generator(s, batch)
	if err != nil {
		t.Fatal(err)
	}
	images, _, err := g.Draw(t.Context(), captions, seed)
	if err != nil {
		t.Fatal(err)
	}
	if len(images) != len(captions)*3*p.Model.Size()*p.Model.Size() {
		t.Fatalf("%d values for %d captions", len(images), len(captions))
	}
	return images
}

func tiny(t testing.TB) *Pipeline {
	p := New(graphtest.Engine(), tinybundle.Load(t, "text", "teacher"))
	t.Cleanup(p.Close)
	return p
}

// Noise belongs to seed, step and position, so that all models are compared on the same noise: neither batch size nor neighbours,
// neither sampler nor weights change it.
func TestNoiseBelongsToSeedAndPosition(t *testing.T) {
	p := tiny(t)
	// x ← x leaves the first noise, x ← z the second step's.
	start := Sampling{Sampler: &spy{plan: []diffusion.Step{{T: 1, X: 1}}}, Steps: 1}
	second := Sampling{Sampler: &spy{plan: []diffusion.Step{{T: 1, X: 1}, {T: 0.5, Noise: 1}}}, Steps: 2}
	for step, sampling := range map[int]Sampling{0: start, 2: second} {
		var want []float32
		for i := range testCaptions {
			want = append(want, rng.Normal(rng.New(5, fmt.Sprintf("sample/%d", step), i), tinyArea)...)
		}
		for _, batch := range []int{2, 5, 8} {
			near(t, fmt.Sprintf("noise %d in batches of %d", step, batch), want, draw(t, p, sampling, batch, testCaptions, 5), 0)
		}
	}
}

func TestDrawIsReproducible(t *testing.T) {
	p := tiny(t)
	sampling := FewSteps("", []int{1000, 750, 500, 250}, 2, diffusion.Renoise)
	first := draw(t, p, sampling, 2, testCaptions, 5)
	near(t, "drawn again", first, draw(t, p, sampling, 2, testCaptions, 5), 0)
	near(t, "drawn by another pipeline", first, draw(t, tiny(t), sampling, 2, testCaptions, 5), 0)
	near(t, "in one batch", first, draw(t, p, sampling, 5, testCaptions, 5), 1e-4)
	near(t, "in a batch that is not filled", first, draw(t, p, sampling, 8, testCaptions, 5), 1e-4)
	near(t, "the first three alone", first[:3*tinyArea], draw(t, p, sampling, 2, testCaptions[:3], 5), 1e-4)
	if slices.Equal(first, draw(t, p, sampling, 2, testCaptions, 6)) {
		t.Error("two seeds give the same pictures")
	}
	same := draw(t, p, sampling, 2, []string{"a circle", "a circle"}, 5)
	if slices.Equal(same[:tinyArea], same[tinyArea:]) {
		t.Error("two places of one caption give the same picture")
	}
	if other := draw(t, p, sampling, 2, []string{"a circle", "a blue square"}, 5); slices.Equal(same[tinyArea:], other[tinyArea:]) {
		t.Error("two captions in one place give the same picture")
	}
}

// One step of a student is x̂_θ(ε, τ_n) and nothing else.
func TestOneStepIsOnePrediction(t *testing.T) {
	p := tiny(t)
	const n = 2
	got := draw(t, p, FewSteps("", []int{1000, 500}, 1, diffusion.Renoise), n, testCaptions[:n], 5)

	cfg, store := bundleOf(p).Config, model.NewStore()
	if err := bundleOf(p).Into(graphtest.Engine(), store, "text", "teacher"); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(graphtest.Engine(), store, func(root *model.Scope, noise, level, ids *Node) *Node {
		cond := diffusion.EncodeText(root.At("text"), cfg.Networks.Text, ids)
		return diffusion.NetDenoiser(root.At("teacher"), cfg.Networks.UNet, cfg.Prediction)(noise, diffusion.LevelFrom(level), cond)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	var noise []float32
	for i := range n {
		noise = append(noise, rng.Normal(rng.New(5, "sample/0", i), tinyArea)...)
	}
	out, err := exec.Call1(train.F32(noise, n, tinyworld.Size, tinyworld.Size, 3), train.F32([]float32{1, 0, 1, 1, 0, 1}, n, 3),
		train.I32(bundleOf(p).Words.EncodeAll(testCaptions[:n]), n, bundleOf(p).Words.Context))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one step", tensors.MustCopyFlatData[float32](out), got, 1e-5)
}

// The generator follows the sampler's plan for the schedule of the bundle and the steps asked for.
func TestPlanIsTheSamplers(t *testing.T) {
	p := tiny(t)
	for _, sampling := range []Sampling{
		{Sampler: diffusion.DDIM{}, Steps: 4},
		{Sampler: diffusion.DPMSolverPP2M{}, Steps: 6},
		{Sampler: diffusion.UniPC{}, Steps: 5},
		FewSteps("", []int{1000, 900, 800, 700}, 4, diffusion.Ancestral),
	} {
		g, err := p.Generator(sampling, 2)
		if err != nil {
			t.Fatal(err)
		}
		want, err := sampling.Sampler.Plan(diffusion.Cosine{}, sampling.Steps)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, g.plan); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sampling.Sampler.Name(), diff)
		}
	}
	s := &spy{plan: []diffusion.Step{{T: 1, X0: 1}}}
	draw(t, p, Sampling{Sampler: s, Steps: 17}, 2, testCaptions[:1], 5)
	if s.steps != 17 {
		t.Errorf("the sampler was asked for %d steps, want 17", s.steps)
	}
	_, err := p.Generator(FewSteps("", []int{1000, 500}, 3, diffusion.Renoise), 2)
	wantError(t, "more steps than times", err, "steps = 3, want 1 to 2")

	grid := FewSteps("s", []int{1000, 900, 800, 700}, 2, diffusion.Renoise)
	if diff := cmp.Diff(Sampling{Sampler: diffusion.FewStep{Times: []float64{1, 0.9, 0.8, 0.7}, Form: diffusion.Renoise}, Steps: 2, Student: "s"}, grid, cmpopts.EquateApprox(0, 1e-15)); diff != "" {
		t.Errorf("FewSteps (-want +got):\n%s", diff)
	}
}

// A step has what the steps before it kept: x stays the first noise, so that the predictions are x̂₀ of it at the steps' times.
func TestStepsRememberPredictions(t *testing.T) {
	p := tiny(t)
	by := func(plan ...diffusion.Step) []float32 {
		return draw(t, p, Sampling{Sampler: &spy{plan: plan}, Steps: len(plan)}, 2, testCaptions[:2], 5)
	}
	plan := []diffusion.Step{{T: 1, X: 1}, {T: 0.9, X: 1}, {T: 0.8, X: 1}, {T: 0.7, X: 1, Keep: -2}}
	read := func(k int) diffusion.Step {
		s := diffusion.Step{T: 0.5}
		s.Prev[k] = 1
		return s
	}
	for k := range diffusion.History {
		step := plan[len(plan)-1-k]
		want := by(diffusion.Step{T: step.T, X0: 1, X: step.Keep})
		near(t, fmt.Sprint(k+1, " steps before"), want, by(append(slices.Clone(plan), read(k))...), 1e-5)
	}
	near(t, "two steps before the second", make([]float32, 2*tinyArea), by(plan[0], read(1)), 0)
}

// Captions are read with the tokenizer of the teacher, not with that of the evaluation pair.
func TestGeneratorReadsWithItsOwnWords(t *testing.T) {
	p := tiny(t)
	sampling := FewSteps("", []int{1000}, 1, diffusion.Renoise)
	want := draw(t, p, sampling, 2, testCaptions, 5)
	bundleOf(p).PairWords = backwards(bundleOf(p).PairWords)
	near(t, "other words of the evaluation pair", want, draw(t, p, sampling, 2, testCaptions, 5), 0)
	bundleOf(p).Words = backwards(bundleOf(p).Words)
	if slices.Equal(want, draw(t, p, sampling, 2, testCaptions, 5)) {
		t.Error("other words of the teacher change nothing")
	}
}

// Guidance w is linear in w, 0 and 1 are none.
func TestGuidance(t *testing.T) {
	p := tiny(t)
	at := func(w float64) []float32 {
		return draw(t, p, Sampling{Sampler: &spy{plan: []diffusion.Step{{T: 0.7, X0: 1}}}, Steps: 1, Guidance: w}, 2, testCaptions[:2], 5)
	}
	none, two, three := at(0), at(2), at(3)
	near(t, "guidance 1", none, at(1), 0)
	want := make([]float32, len(none))
	for i := range want {
		want[i] = none[i] + 2*(two[i]-none[i])
	}
	near(t, "guidance 3", want, three, 1e-3)

	// What it leads away from is the picture of the empty caption.
	away := make([]float32, len(none))
	for i := range away {
		away[i] = 2*none[i] - two[i]
	}
	near(t, "unconditional", draw(t, p, Sampling{Sampler: &spy{plan: []diffusion.Step{{T: 0.7, X0: 1}}}, Steps: 1}, 2, []string{"", ""}, 5), away, 1e-3)
	if slices.Equal(none, two) {
		t.Error("guidance changes nothing")
	}
}

// Generators share compiled graphs: the weights are those of the generator made last, the teacher's again after a student's.
func TestStudentsAndTeacherShareAGraph(t *testing.T) {
	p := tiny(t)
	sampling := func(student string) Sampling { return FewSteps(student, []int{1000, 500}, 1, diffusion.Renoise) }
	path := tinybundle.WritePart(t, "teacher", 2)
	teacher := draw(t, p, sampling(""), 2, testCaptions, 5)
	student := draw(t, p, sampling(path), 2, testCaptions, 5)
	if slices.Equal(teacher, student) {
		t.Error("student and teacher draw the same")
	}
	near(t, "teacher after a student", teacher, draw(t, p, sampling(""), 2, testCaptions, 5), 0)
	near(t, "student by a new pipeline", student, draw(t, tiny(t), sampling(path), 2, testCaptions, 5), 0)
	// The bundle is in half precision, this copy of its teacher too.
	file, err := weights.Read(filepath.Join(bundleOf(p).Dir, "teacher.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.safetensors")
	if err := weights.Write(copied, file, weights.F32); err != nil {
		t.Fatal(err)
	}
	near(t, "teacher as a student", teacher, draw(t, p, sampling(copied), 2, testCaptions, 5), 0)
}

func TestStudentThatDoesNotFit(t *testing.T) {
	p := tiny(t)
	sampling := func(student string) Sampling { return FewSteps(student, []int{1000}, 1, diffusion.Renoise) }
	_, err := p.Generator(sampling("nowhere.safetensors"), 2)
	wantError(t, "no file", err, "nowhere.safetensors")
	path := tinybundle.WritePart(t, "text", 1)
	_, err = p.Generator(sampling(path), 2)
	wantError(t, "another network", err, "pretrain:", path, "missing")
}

// A pipeline whose generators could not be made closes all the same.
func TestCloseAfterFailure(t *testing.T) {
	p := New(graphtest.Engine(), tinybundle.Load(t, "pair"))
	_, err := p.Generator(Sampling{Sampler: diffusion.FewStep{}, Steps: 1}, 2)
	wantError(t, "no text encoder", err, "holds no text")
	p.Close()
}

const tinyArea = tinyworld.Size * tinyworld.Size * 3

// backwards is a tokenizer with the same words under other ids.
func backwards(words *tokenizer.Words) *tokenizer.Words {
	v := slices.Clone(words.Vocabulary)
	slices.Reverse(v)
	return &tokenizer.Words{Vocabulary: v, Context: words.Context}
}

// near wants two lists to agree to a tolerance.
func near(t testing.TB, what string, want, got []float32, tolerance float64) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, tolerance)); diff != "" || len(want) == 0 {
		t.Errorf("%s: %d values (-want +got):\n%.400s", what, len(got), diff)
	}
}

// wantError wants an error that holds all the texts.
func wantError(t testing.TB, what string, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: error = %v, want %q in it", what, err, text)
		}
	}
}

func bundleOf(p *Pipeline) *pretrain.Bundle { return p.Model.(*pretrain.Bundle) }
