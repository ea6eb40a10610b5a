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
	"github.com/addlab/addlab/eval"
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
	j := newTestJudge(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), Setup{Images: 40, Seed: 1, Batch: 16, Blocks: 4})
	same, err := metrics(t, j, j.prompts.Images)
	if err != nil {
		t.Fatal(err)
	}
	real, err := j.Real(t.Context(), tinyworld.New())
	if err != nil {
		t.Fatal(err)
	}
	noise, err := metrics(t, j, rng.Normal(rng.New(1, "noise", 0), len(j.prompts.Images)))
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

// The evaluation networks see each picture alone: batches, full or not, change nothing.
func TestLookIsIndependentOfBatches(t *testing.T) {
	b := tinybundle.Load(t, "pair", "classifier")
	var want looks
	for _, batch := range []int{1, 3, 7, 10, 16} {
		setup := tinySetup()
		setup.Batch = batch
		j := newTestJudge(t, b, tinyworld.New(), setup)
		got, err := j.look(t.Context(), j.prompts.Images, j.prompts.Captions)
		if err != nil {
			t.Fatal(err)
		}
		if got.features.N != 10 || got.image.N != 10 || got.text.N != 10 || len(got.attributes) != 10*len(dataset.AttributeNames) {
			t.Fatalf("batch %d: %d features, %d and %d embeddings, %d attributes of 10 pictures", batch, got.features.N, got.image.N, got.text.N, len(got.attributes))
		}
		if batch == 1 {
			want = got
			continue
		}
		near(t, "features", want.features.Data, got.features.Data, 1e-5)
		near(t, "embeddings of pictures", want.image.Data, got.image.Data, 1e-5)
		near(t, "embeddings of captions", want.text.Data, got.text.Data, 1e-5)
		if diff := cmp.Diff(want.attributes, got.attributes); diff != "" {
			t.Errorf("batch %d: attributes (-alone +got):\n%s", batch, diff)
		}
	}
}

// Captions are read with the evaluation pair's own tokenizer; pictures and captions have their own embeddings.
func TestLookTellsTextFromPictures(t *testing.T) {
	j := newTestJudge(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), tinySetup())
	look := func(images []float32, captions []string) looks {
		t.Helper()
		got, err := j.look(t.Context(), images, captions)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := look(j.prompts.Images, j.prompts.Captions)
	other := look(rng.Normal(rng.New(1, "noise", 0), len(j.prompts.Images)), j.prompts.Captions)
	near(t, "text beside other pictures", want.text.Data, other.text.Data, 0)
	if slices.Equal(want.image.Data, other.image.Data) || slices.Equal(want.features.Data, other.features.Data) {
		t.Error("other pictures look the same")
	}
	captions := slices.Clone(j.prompts.Captions)
	slices.Reverse(captions)
	other = look(j.prompts.Images, captions)
	near(t, "pictures beside other captions", want.image.Data, other.image.Data, 0)
	near(t, "features beside other captions", want.features.Data, other.features.Data, 0)

	j.Bundle.Words = backwards(j.Bundle.Words)
	near(t, "text when the teacher has other words", want.text.Data, look(j.prompts.Images, j.prompts.Captions).text.Data, 0)
	j.Bundle.PairWords = backwards(j.Bundle.PairWords)
	if slices.Equal(want.text.Data, look(j.prompts.Images, j.prompts.Captions).text.Data) {
		t.Error("other words of the evaluation pair change nothing")
	}
}

// Every number is that of package eval with the reference as reference: intervals, precision and recall know which side is which.
func TestMetricsAreEvals(t *testing.T) {
	j := newTestJudge(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), Setup{Images: 30, Seed: 1, Batch: 16, Blocks: 5})
	pictures := slices.Clone(j.prompts.Images) // half as varied as the real ones
	for i := range pictures {
		pictures[i] *= 0.5
	}
	m, err := metrics(t, j, pictures)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := j.look(t.Context(), pictures, j.prompts.Captions)
	if err != nil {
		t.Fatal(err)
	}
	fid, err := eval.FIDJackknife(t.Context(), j.reference, seen.features, 5, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	pr, err := eval.PrecisionRecall(t.Context(), j.reference, seen.features, eval.PRNeighbours)
	if err != nil {
		t.Fatal(err)
	}
	dc, err := eval.DensityCoverage(t.Context(), j.reference, seen.features, eval.DCNeighbours)
	if err != nil {
		t.Fatal(err)
	}
	clip, err := eval.CLIPScore(seen.image, seen.text)
	if err != nil {
		t.Fatal(err)
	}
	if pr.Precision == pr.Recall {
		t.Errorf("precision = recall = %g: the test shows nothing", pr.Precision)
	}
	want := Metrics{Images: 30, FID: fid.FID.Mean, FIDLow: fid.FID.Low, FIDHigh: fid.FID.High, CLIP: clip.Mean, CLIPStdErr: clip.StdErr, Precision: pr.Precision, Recall: pr.Recall, Density: &dc.Density, Coverage: &dc.Coverage}
	if err := errors.Join(want.align(seen.attributes, j.prompts.Stated), want.balance(j.shown, classesSeen{seen.attributes, j.prompts.Stated})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Pictures are judged as they are shown: values beyond [-1,1] are cut off.
func TestLookClips(t *testing.T) {
	j := newTestJudge(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), tinySetup())
	wild := rng.Normal(rng.New(1, "wild", 0), len(j.prompts.Images))
	tame := slices.Clone(wild)
	for i, v := range wild {
		wild[i], tame[i] = 3*v, min(max(3*v, -1), 1)
	}
	one, err := j.look(t.Context(), wild, j.prompts.Captions)
	if err != nil {
		t.Fatal(err)
	}
	other, err := j.look(t.Context(), tame, j.prompts.Captions)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "features", other.features.Data, one.features.Data, 0)
}

// By hand: three pictures, of whose attributes the captions state 2, 1 and 4.
func TestAlignCountsStatedOnly(t *testing.T) {
	none := dataset.Attributes{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}
	stated := []dataset.Attributes{none, none, none}
	stated[0][0], stated[0][4] = 1, 5
	stated[1][4] = 2
	stated[2][0], stated[2][1], stated[2][2], stated[2][4] = 0, 0, 3, 1
	seen := make([]int32, 3*len(none)) // what is not stated is seen as class 0 or worse and must not count
	seen[0], seen[4] = 1, 5            // both right
	seen[12+4] = 3                     // wrong
	seen[24], seen[25], seen[26], seen[28] = 0, 2, 3, 1
	seen[5], seen[12+9] = 7, -1

	var m Metrics
	if err := m.align(seen, stated); err != nil {
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
	j := newTestJudge(t, tinybundle.Load(t, "pair"), tinyworld.Album(25), tinySetup())
	m, err := j.Real(t.Context(), tinyworld.Album(25))
	if err != nil {
		t.Fatal(err)
	}
	if m.Align != nil || m.AlignStdErr != nil || m.ByAttribute != nil || !(m.FID > 0) {
		t.Errorf("metrics = %+v, want an FID and no alignment", m)
	}
	seen, err := j.look(t.Context(), j.prompts.Images, j.prompts.Captions)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(seen.image, seen.features); diff != "" {
		t.Errorf("features (-embeddings +got):\n%s", diff)
	}
	data, err := json.Marshal(m)
	if err != nil || bytes.Contains(data, []byte("align")) {
		t.Errorf("JSON = %s, error = %v, want no alignment in it", data, err)
	}

	// A classifier beside data that states nothing still gives the features.
	j = newTestJudge(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.Album(25), tinySetup())
	if m, err = j.Real(t.Context(), tinyworld.Album(25)); err != nil || m.Align != nil {
		t.Errorf("metrics = %+v, error = %v, want no alignment", m, err)
	}
}

func TestTooFewHeldoutPictures(t *testing.T) {
	b := tinybundle.Load(t, "pair")
	_, err := NewJudge(t.Context(), graphtest.Engine(), b, tinyworld.Album(9), tinySetup())
	wantError(t, "judge", err, "score: album has 9 held-out pictures, want 10 from number 0 on: ask for fewer images")

	// The floor takes what is left beside the reference, and says so where that is nothing.
	j := newTestJudge(t, b, tinyworld.Album(16), tinySetup())
	if m, err := j.Real(t.Context(), tinyworld.Album(16)); err != nil || m.Images != 6 {
		t.Errorf("floor of %d pictures, error = %v, want 6", m.Images, err)
	}
	for _, n := range []int{10, 12} {
		_, err = newTestJudge(t, b, tinyworld.Album(n), tinySetup()).Real(t.Context(), tinyworld.Album(n))
		wantError(t, "floor", err, "score: album has", "held-out pictures")
	}
}

func TestJudgeWithoutNetworks(t *testing.T) {
	_, err := NewJudge(t.Context(), graphtest.Engine(), tinybundle.Load(t, "text", "teacher"), tinyworld.New(), tinySetup())
	wantError(t, "no evaluation pair", err, "holds no pair")
}

func TestCancelledJudge(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	j := newTestJudge(t, tinybundle.Load(t, "pair", "text", "teacher"), tinyworld.New(), tinySetup())
	cancel()
	if _, _, err := j.Evaluate(ctx, Way{Sampler: diffusion.FewStep{}, Steps: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("Evaluate: error = %v, want the context's", err)
	}
	if _, err := j.Real(ctx, tinyworld.New()); !errors.Is(err, context.Canceled) {
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
		j := newTestJudge(t, tinybundle.Load(t, parts...), data, tinySetup())
		probe := pretrain.Probe{Steps: 2, Batch: 8, Heldout: 12, Rate: optim.Rate{Peak: 1e-3}}
		q, err := Assess(t.Context(), j, data, probe, train.NewProgress(nil))
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
