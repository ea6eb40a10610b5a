package protocol

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Real pictures against themselves are perfect; against other real ones good; noise is far off.
func TestFIDOrdersPictures(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), Setup{Images: 40, Seed: 1, Batch: 16, Blocks: 4})
	same, err := metrics(t, e, e.sets[0].reference.Images)
	if err != nil {
		t.Fatal(err)
	}
	real, err := e.EvaluateReal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	noise, err := metrics(t, e, rng.Normal(rng.New(1, "noise", 0), len(e.sets[0].reference.Images)))
	if err != nil {
		t.Fatal(err)
	}
	if same.FID > 1e-6*real.FID || same.Precision != 1 || same.Recall != 1 {
		t.Errorf("real pictures against themselves: FID = %g, precision = %g, recall = %g, want 0 (to rounding), 1, 1", same.FID, same.Precision, same.Recall)
	}
	if !(real.FID > 0 && noise.FID > 2*real.FID) {
		t.Errorf("FID = %g of other real pictures, %g of noise, want 0 < real ≪ noise", real.FID, noise.FID)
	}
	for name, m := range map[string]Metrics{"same": same, "real": real, "noise": noise} {
		if m.Images != 40 || m.FIDLow > m.FID || m.FIDHigh < m.FID || m.CLIP < -1 || m.CLIP > 1 || m.CLIPStdErr <= 0 || m.Align == nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// Every number is that of package eval with the reference as reference: intervals, precision and recall know which side is which.
func TestMetricsAreEvals(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), Setup{Images: 30, Seed: 1, Batch: 16, Blocks: 5})
	pictures := slices.Clone(e.sets[0].reference.Images) // half as varied as the real ones
	for i := range pictures {
		pictures[i] *= 0.5
	}
	m, err := metrics(t, e, pictures)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := e.Embed(t.Context(), pictures, e.sets[0].reference.Captions)
	if err != nil {
		t.Fatal(err)
	}
	fid, err := eval.FIDJackknife(t.Context(), e.sets[0].reference.Features, seen.Features, 5, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	pr, err := eval.PrecisionRecall(t.Context(), e.sets[0].reference.Features, seen.Features, eval.PRNeighbours)
	if err != nil {
		t.Fatal(err)
	}
	dc, err := eval.DensityCoverage(t.Context(), e.sets[0].reference.Features, seen.Features, eval.DCNeighbours)
	if err != nil {
		t.Fatal(err)
	}
	clip, err := eval.CLIPScore(seen.Image, seen.Text)
	if err != nil {
		t.Fatal(err)
	}
	if pr.Precision == pr.Recall {
		t.Errorf("precision = recall = %g: the test shows nothing", pr.Precision)
	}
	want := Metrics{Images: 30, FID: fid.FID.Mean, FIDLow: fid.FID.Low, FIDHigh: fid.FID.High, CLIP: clip.Mean, CLIPStdErr: clip.StdErr, Precision: pr.Precision, Recall: pr.Recall, Density: &dc.Density, Coverage: &dc.Coverage}
	scored := scoredSet{e.sets[0].reference.Prompts, seen}
	if err := errors.Join(want.align(attributes, scored), want.balance(attributes, e.sets[0].reference, scored)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// By hand: four pictures, of whose attributes the captions state 2, 1, 4 and none. The last one has no say.
func TestAlignCountsStatedOnly(t *testing.T) {
	none := dataset.Attributes{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}
	stated := []dataset.Attributes{none, none, none, none}
	stated[0][0], stated[0][4] = 1, 5
	stated[1][4] = 2
	stated[2][0], stated[2][1], stated[2][2], stated[2][4] = 0, 0, 3, 1
	var facts []dataset.Facts
	for i := range stated {
		facts = append(facts, dataset.Facts{States: stated[i][:]})
	}
	seen := make([]int32, 4*len(none)) // what is not stated is seen as class 0 or worse and must not count
	seen[0], seen[4] = 1, 5            // both right
	seen[12+4] = 3                     // wrong
	seen[24], seen[25], seen[26], seen[28] = 0, 2, 3, 1
	seen[5], seen[12+9] = 7, -1

	var m Metrics
	if err := m.align(attributes, scoredSet{Prompts{Facts: facts}, Embeddings{Classes: seen}}); err != nil {
		t.Fatal(err)
	}
	approx := cmpopts.EquateApprox(0, 1e-12)
	if want := (1 + 0 + 0.75) / 3; !cmp.Equal(*m.Align, want, approx) || !cmp.Equal(*m.AllCorrect, 1.0/3, approx) {
		t.Errorf("alignment = %g, all correct = %g, want %g and 1/3", *m.Align, *m.AllCorrect, want)
	}
	want := map[string]float64{"count": 1, "arrangement": 0, "background": 1, "first color": 2.0 / 3}
	if diff := cmp.Diff(want, m.ByAttribute, approx); diff != "" {
		t.Errorf("by attribute (-want +got):\n%s", diff)
	}
}

// Where the data has no attributes there is no classifier: FID takes the evaluation pair's pictures, and nothing is said of alignment.
func TestDataWithoutAttributes(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "pair"), tinyworld.Album(25), tinySetup())
	m, err := e.EvaluateReal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.Align != nil || m.AlignStdErr != nil || m.ByAttribute != nil || !(m.FID > 0) {
		t.Errorf("metrics = %+v, want an FID and no alignment", m)
	}
	seen, err := e.Embed(t.Context(), e.sets[0].reference.Images, e.sets[0].reference.Captions)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(seen.Image, seen.Features); diff != "" {
		t.Errorf("features (-embeddings +got):\n%s", diff)
	}
	data, err := json.Marshal(m)
	if err != nil || bytes.Contains(data, []byte("align")) {
		t.Errorf("JSON = %s, error = %v, want no alignment in it", data, err)
	}

	// A classifier beside data that states nothing still gives the features.
	e = newTest(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.Album(25), tinySetup())
	if m, err = e.EvaluateReal(t.Context()); err != nil || m.Align != nil {
		t.Errorf("metrics = %+v, error = %v, want no alignment", m, err)
	}
}

func TestTooFewHeldoutPictures(t *testing.T) {
	b := tinybundle.Load(t, "pair")
	_, err := NewEvaluator(t.Context(), graphtest.Engine(), b, tinyworld.Album(9), tinySetup())
	wantError(t, "evaluator", err, "protocol: album has 9 held-out pictures, want 10 from number 0 on: ask for fewer images")

	// The floor takes what is left beside the reference, and says so where that is nothing.
	e := newTest(t, b, tinyworld.Album(16), tinySetup())
	if m, err := e.EvaluateReal(t.Context()); err != nil || m.Images != 6 {
		t.Errorf("floor of %d pictures, error = %v, want 6", m.Images, err)
	}
	for _, n := range []int{10, 12} {
		_, err = newTest(t, b, tinyworld.Album(n), tinySetup()).EvaluateReal(t.Context())
		wantError(t, "floor", err, "protocol: album has", "held-out pictures")
	}
}

func TestBundleWithoutNetworks(t *testing.T) {
	_, err := NewEvaluator(t.Context(), graphtest.Engine(), tinybundle.Load(t, "text", "teacher"), tinyworld.New(), tinySetup())
	wantError(t, "no evaluation pair", err, "holds no pair")
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := newTest(t, tinybundle.Load(t, "pair", "text", "teacher"), tinyworld.New(), tinySetup())
	cancel()
	if _, _, err := e.Evaluate(ctx, pipeline.Sampling{Sampler: diffusion.FewStep{}, Steps: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("Evaluate: error = %v, want the context's", err)
	}
	if _, err := e.EvaluateReal(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Real: error = %v, want the context's", err)
	}
}

// The report on a bundle of random weights: everything is measured, nothing is reached.
func TestQuality(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a probe")
	}
	for name, data := range map[string]dataset.Dataset{"scenes": tinyworld.New(), "album": tinyworld.Album(40)} {
		parts := []string{"text", "teacher", "pair", "features"}
		if name == "scenes" {
			parts = append(parts, "classifier")
		}
		e := newTest(t, tinybundle.Load(t, parts...), data, tinySetup())
		probe := pretrain.Probe{Steps: 2, Batch: 8, Heldout: 12, Rate: optim.Rate{Peak: 1e-3}}
		q, err := Assess(t.Context(), e, probe, train.NewProgress(nil))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := q.Markdown(&text); err != nil {
			t.Fatal(err)
		}
		want := []string{"| real | 10 |", "| teacher, 25 guided steps | 10 |", "| teacher, 1 guided step | 10 |"}
		if name == "scenes" {
			want = append(want, "| first color |", "**not reached**", "classifier, mean over attributes")
		}
		for _, line := range want {
			if !strings.Contains(text.String(), line) {
				t.Errorf("%s: report lacks %q:\n%s", name, line, text.String())
			}
		}
		if _, err := json.Marshal(q); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEvaluate(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "text", "teacher", "pair", "classifier"), tinyworld.New(), tinySetup())
	sampling := pipeline.FewSteps(tinybundle.WritePart(t, "teacher", 2), []int{1000, 500}, 2, diffusion.Renoise)
	m, images, err := e.Evaluate(t.Context(), sampling)
	if err != nil {
		t.Fatal(err)
	}
	want := &Sample{evaluator: e}
	for i, set := range e.sets { // sets share no noise
		g, err := e.Generator(sampling, e.Setup.Batch)
		if err != nil {
			t.Fatal(err)
		}
		drawn, _, err := g.Draw(t.Context(), set.Captions, e.Setup.Seed+int64(i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			near(t, "pictures", drawn, images, 0)
		}
		if err := addTo(want, t, set, drawn); err != nil {
			t.Fatal(err)
		}
	}
	wantMetrics, err := want.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if len(e.sets) != 3 || len(e.sets[1].Captions) != 10 || wantMetrics.Novel == nil || len(e.sets[2].Captions) != 10 || wantMetrics.Drawing == nil {
		t.Errorf("%d sets, want 10 novel captions with an alignment and 10 that state everything with an FID", len(e.sets))
	}
	if diff := cmp.Diff(wantMetrics, m, cmpopts.IgnoreFields(Metrics{}, "Seconds", "MillisPerImage")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if !(m.Seconds > 0) || !cmp.Equal(m.MillisPerImage, 100*m.Seconds, cmpopts.EquateApprox(1e-9, 0)) {
		t.Errorf("seconds = %g, ms per image = %g for 10 pictures", m.Seconds, m.MillisPerImage)
	}
}

// eightBits is an extractor that takes files only, as those of other projects do.
type eightBits struct{ extractor.Extractor }

// Another extractor scores pictures rounded to 8 bits, which changes features a little.
func TestAnotherExtractor(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), tinySetup())
	before := e.sets[0].reference.Features
	e.extractors.Features = eightBits{e.extractors.Features}
	after, err := e.Embed(t.Context(), e.sets[0].reference.Images, e.sets[0].reference.Captions)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "features", before.Data, after.Features.Data, .1)
	if slices.Equal(before.Data, after.Features.Data) {
		t.Error("rounding changes nothing")
	}
}
