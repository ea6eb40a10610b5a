package protocol

import (
	"fmt"
	"path/filepath"
	"slices"
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
	"github.com/addlab/addlab/network/weights"
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

func draw(t testing.TB, j *Judge, way Way, batch int, captions []string, seed int64) []float32 {
	t.Helper()
	p, err := j.NewPainter(way, batch)
	if err != nil {
		t.Fatal(err)
	}
	images, _, err := p.Draw(t.Context(), captions, seed)
	if err != nil {
		t.Fatal(err)
	}
	if len(images) != len(captions)*tinyArea {
		t.Fatalf("%d values for %d captions", len(images), len(captions))
	}
	return images
}

func tinyPainters(t testing.TB) *Judge {
	return newTestJudge(t, tinybundle.Load(t, "text", "teacher", "pair"), tinyworld.New(), tinySetup())
}

// Noise belongs to seed, step and position, so that all models are compared on the same noise: neither batch size nor neighbours,
// neither sampler nor weights change it.
func TestNoiseBelongsToSeedAndPosition(t *testing.T) {
	j := tinyPainters(t)
	// x ← x leaves the first noise, x ← z the second step's.
	start := Way{Sampler: &spy{plan: []diffusion.Step{{T: 1, X: 1}}}, Steps: 1}
	second := Way{Sampler: &spy{plan: []diffusion.Step{{T: 1, X: 1}, {T: 0.5, Noise: 1}}}, Steps: 2}
	for step, way := range map[int]Way{0: start, 2: second} {
		var want []float32
		for i := range testCaptions {
			want = append(want, rng.Normal(rng.New(5, fmt.Sprintf("sample/%d", step), i), tinyArea)...)
		}
		for _, batch := range []int{2, 5, 8} {
			near(t, fmt.Sprintf("noise %d in batches of %d", step, batch), want, draw(t, j, way, batch, testCaptions, 5), 0)
		}
	}
}

func TestJudgeWithoutMetricsDraws(t *testing.T) {
	full := tinyPainters(t)
	way := Way{Sampler: diffusion.FewStep{Times: []float64{1}}, Steps: 1}
	bare := &Judge{Bundle: full.Bundle, Backend: full.Backend}
	want := draw(t, full, way, 2, []string{"a red star", "a blue ring"}, 1)
	got := draw(t, bare, way, 2, []string{"a red star", "a blue ring"}, 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pictures of a judge that only draws (-want +got):\n%s", diff)
	}
}

func TestDrawIsReproducible(t *testing.T) {
	j := tinyPainters(t)
	way := FewSteps("", []int{1000, 750, 500, 250}, 2, diffusion.Renoise)
	first := draw(t, j, way, 2, testCaptions, 5)
	near(t, "drawn again", first, draw(t, j, way, 2, testCaptions, 5), 0)
	near(t, "drawn by another judge", first, draw(t, tinyPainters(t), way, 2, testCaptions, 5), 0)
	near(t, "in one batch", first, draw(t, j, way, 5, testCaptions, 5), 1e-4)
	near(t, "in a batch that is not filled", first, draw(t, j, way, 8, testCaptions, 5), 1e-4)
	near(t, "the first three alone", first[:3*tinyArea], draw(t, j, way, 2, testCaptions[:3], 5), 1e-4)
	if slices.Equal(first, draw(t, j, way, 2, testCaptions, 6)) {
		t.Error("two seeds give the same pictures")
	}
	same := draw(t, j, way, 2, []string{"a circle", "a circle"}, 5)
	if slices.Equal(same[:tinyArea], same[tinyArea:]) {
		t.Error("two places of one caption give the same picture")
	}
	if other := draw(t, j, way, 2, []string{"a circle", "a blue square"}, 5); slices.Equal(same[tinyArea:], other[tinyArea:]) {
		t.Error("two captions in one place give the same picture")
	}
}

// One step of a student is x̂_θ(ε, τ_n) and nothing else.
func TestOneStepIsOnePrediction(t *testing.T) {
	j := tinyPainters(t)
	const n = 2
	got := draw(t, j, FewSteps("", []int{1000, 500}, 1, diffusion.Renoise), n, testCaptions[:n], 5)

	cfg, store := j.Bundle.Config, model.NewStore()
	if err := j.Bundle.Into(graphtest.Engine(), store, "text", "teacher"); err != nil {
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
		train.I32(j.Bundle.Words.EncodeAll(testCaptions[:n]), n, j.Bundle.Words.Context))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one step", tensors.MustCopyFlatData[float32](out), got, 1e-5)
}

// The painter follows the sampler's plan for the schedule of the bundle and the steps asked for.
func TestPlanIsTheSamplers(t *testing.T) {
	j := tinyPainters(t)
	for _, way := range []Way{
		{Sampler: diffusion.DDIM{}, Steps: 4},
		{Sampler: diffusion.DPMSolverPP2M{}, Steps: 6},
		FewSteps("", []int{1000, 900, 800, 700}, 4, diffusion.Ancestral),
	} {
		p, err := j.NewPainter(way, 2)
		if err != nil {
			t.Fatal(err)
		}
		want, err := way.Sampler.Plan(diffusion.Cosine{}, way.Steps)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, p.plan); diff != "" {
			t.Errorf("%s (-want +got):\n%s", way.Sampler.Name(), diff)
		}
	}
	s := &spy{plan: []diffusion.Step{{T: 1, X0: 1}}}
	draw(t, j, Way{Sampler: s, Steps: 17}, 2, testCaptions[:1], 5)
	if s.steps != 17 {
		t.Errorf("the sampler was asked for %d steps, want 17", s.steps)
	}
	_, err := j.NewPainter(FewSteps("", []int{1000, 500}, 3, diffusion.Renoise), 2)
	wantError(t, "more steps than times", err, "steps = 3, want 1 to 2")

	grid := FewSteps("s", []int{1000, 900, 800, 700}, 2, diffusion.Renoise)
	if diff := cmp.Diff(Way{Sampler: diffusion.FewStep{Times: []float64{1, 0.9, 0.8, 0.7}, Form: diffusion.Renoise}, Steps: 2, Student: "s"}, grid, cmpopts.EquateApprox(0, 1e-15)); diff != "" {
		t.Errorf("FewSteps (-want +got):\n%s", diff)
	}
}

// Captions are read with the tokenizer of the teacher, not with that of the evaluation pair.
func TestPainterReadsWithItsOwnWords(t *testing.T) {
	j := tinyPainters(t)
	way := FewSteps("", []int{1000}, 1, diffusion.Renoise)
	want := draw(t, j, way, 2, testCaptions, 5)
	j.Bundle.PairWords = backwards(j.Bundle.PairWords)
	near(t, "other words of the evaluation pair", want, draw(t, j, way, 2, testCaptions, 5), 0)
	j.Bundle.Words = backwards(j.Bundle.Words)
	if slices.Equal(want, draw(t, j, way, 2, testCaptions, 5)) {
		t.Error("other words of the teacher change nothing")
	}
}

// Guidance w is linear in w, 0 and 1 are none.
func TestGuidance(t *testing.T) {
	j := tinyPainters(t)
	at := func(w float64) []float32 {
		return draw(t, j, Way{Sampler: &spy{plan: []diffusion.Step{{T: 0.7, X0: 1}}}, Steps: 1, Guidance: w}, 2, testCaptions[:2], 5)
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
	near(t, "unconditional", draw(t, j, Way{Sampler: &spy{plan: []diffusion.Step{{T: 0.7, X0: 1}}}, Steps: 1}, 2, []string{"", ""}, 5), away, 1e-3)
	if slices.Equal(none, two) {
		t.Error("guidance changes nothing")
	}
}

// Painters share compiled graphs: the weights are those of the painter made last, the teacher's again after a student's.
func TestStudentsAndTeacherShareAnEasel(t *testing.T) {
	j := tinyPainters(t)
	way := func(student string) Way { return FewSteps(student, []int{1000, 500}, 1, diffusion.Renoise) }
	path := tinybundle.WritePart(t, "teacher", 2)
	teacher := draw(t, j, way(""), 2, testCaptions, 5)
	student := draw(t, j, way(path), 2, testCaptions, 5)
	if slices.Equal(teacher, student) {
		t.Error("student and teacher draw the same")
	}
	near(t, "teacher after a student", teacher, draw(t, j, way(""), 2, testCaptions, 5), 0)
	near(t, "student by a new judge", student, draw(t, tinyPainters(t), way(path), 2, testCaptions, 5), 0)
	// The bundle is in half precision, this copy of its teacher too.
	file, err := weights.Read(filepath.Join(j.Bundle.Dir, "teacher.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.safetensors")
	if err := weights.Write(copied, file, weights.F32); err != nil {
		t.Fatal(err)
	}
	near(t, "teacher as a student", teacher, draw(t, j, way(copied), 2, testCaptions, 5), 0)
}

func TestStudentThatDoesNotFit(t *testing.T) {
	j := tinyPainters(t)
	way := func(student string) Way { return FewSteps(student, []int{1000}, 1, diffusion.Renoise) }
	_, err := j.NewPainter(way("nowhere.safetensors"), 2)
	wantError(t, "no file", err, "nowhere.safetensors")
	path := tinybundle.WritePart(t, "text", 1)
	_, err = j.NewPainter(way(path), 2)
	wantError(t, "another network", err, "score:", path, "missing")
}

// A judge whose painters could not be made closes all the same.
func TestCloseAfterFailure(t *testing.T) {
	j, err := NewJudge(t.Context(), graphtest.Engine(), tinybundle.Load(t, "pair"), tinyworld.New(), tinySetup())
	if err != nil {
		t.Fatal(err)
	}
	_, err = j.NewPainter(Way{Sampler: diffusion.FewStep{}, Steps: 1}, 2)
	wantError(t, "no text encoder", err, "holds no text")
	j.Close()
}

func TestEvaluate(t *testing.T) {
	j := newTestJudge(t, tinybundle.Load(t, "text", "teacher", "pair", "classifier"), tinyworld.New(), tinySetup())
	way := FewSteps(tinybundle.WritePart(t, "teacher", 2), []int{1000, 500}, 2, diffusion.Renoise)
	m, images, err := j.Evaluate(t.Context(), way)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "pictures", draw(t, j, way, j.Setup.Batch, j.prompts.Captions, j.Setup.Seed), images, 0)
	novel := draw(t, j, way, j.Setup.Batch, j.novel.Captions, j.Setup.Seed+1)
	seen := &Seen{judge: j, prompts: j.prompts, Images: images}
	if err := seen.look(t.Context(), novel); err != nil {
		t.Fatal(err)
	}
	want, err := seen.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if len(j.novel.Captions) != 10 || want.Novel == nil {
		t.Errorf("%d novel captions, want 10 and an alignment on them", len(j.novel.Captions))
	}
	if diff := cmp.Diff(want, m, cmpopts.IgnoreFields(Metrics{}, "Seconds", "MillisPerImage")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if !(m.Seconds > 0) || !cmp.Equal(m.MillisPerImage, 100*m.Seconds, cmpopts.EquateApprox(1e-9, 0)) {
		t.Errorf("seconds = %g, ms per image = %g for 10 pictures", m.Seconds, m.MillisPerImage)
	}
}
