package pretrain

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// All parts are trained once, each in a run of its own; the bundle holds what they left, the text encoder as the teacher tuned it.
func TestEnsure(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	root := t.TempDir()
	var out bytes.Buffer
	o := Options{
		Dir: filepath.Join(root, "bundle"), Runs: filepath.Join(root, "runs"), Config: tinyConfig(2), Data: tinyworld.Album(64),
		Engine: &engine.Engine{Name: "go", Backend: graphtest.Engine()}, Command: "go test", Out: &out,
	}

	// Some parts only: no bundle yet.
	o.Parts = []string{"text"}
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(o.Dir); err == nil {
		t.Error("a bundle was written though parts are missing")
	}
	o.Parts = nil

	out.Reset()
	b, err := Ensure(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"no pretrained networks in " + o.Dir, "text: trained already"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("output lacks %q:\n%s", text, out.String())
		}
	}
	if b.Has("classifier") || !b.Has("teacher") {
		t.Errorf("files = %v, want no classifier where the data has no attributes", b.Files)
	}
	if err := b.Into(graphtest.Engine(), model.NewStore(), "text", "features", "pair", "teacher"); err != nil {
		t.Error(err)
	}

	m := readManifest(t, o.Dir)
	for part, p := range m.Provenance {
		if p.Command != "go test" || p.Steps != 2 || p.Environment.Engine != "go" {
			t.Errorf("provenance of %s = %+v", part, p)
		}
		if _, err := os.Stat(filepath.Join(o.Runs, p.Run, "result.json")); err != nil {
			t.Errorf("run of %s: %v", part, err)
		}
	}
	// The bundle's text encoder is the teacher's, not the one of its own run.
	tuned := readFile(t, filepath.Join(o.Runs, m.Provenance["teacher"].Run, tunedTextFile))
	own := readFile(t, filepath.Join(o.Runs, m.Provenance["text"].Run, weightsFile))
	bundled := readFile(t, filepath.Join(o.Dir, "text.safetensors"))
	if d, e := distance(bundled, tuned), distance(bundled, own); d > 1e-3 || e <= d || e > 0.02 {
		t.Errorf("the bundle's text encoder is %g from the teacher's and %g from the one that the teacher started from", d, e)
	}

	// A second time nothing is trained, and the files stay as they are.
	before, _ := os.ReadFile(filepath.Join(o.Dir, manifestName))
	out.Reset()
	if _, err := Ensure(t.Context(), o); err != nil || out.Len() > 0 {
		t.Errorf("error = %v, output = %q, want nothing to do", err, out.String())
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := Ensure(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "trained already"); n != 4 {
		t.Errorf("%d parts were trained already, want 4:\n%s", n, out.String())
	}
	if after, _ := os.ReadFile(filepath.Join(o.Dir, manifestName)); !bytes.Equal(before, after) {
		t.Error("the manifest of the same runs differs")
	}

	// A checkout has results without weights: all parts are trained again, to the same weights.
	for _, p := range m.Provenance {
		for _, name := range []string{weightsFile, tunedTextFile} {
			if err := forget(filepath.Join(o.Runs, p.Run, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	out.Reset()
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "trained elsewhere"); n != 4 {
		t.Errorf("%d parts were trained again, want 4:\n%s", n, out.String())
	}
	if diff := cmp.Diff(m.Files, readManifest(t, o.Dir).Files); diff != "" {
		t.Errorf("trained again (-first +second):\n%s", diff)
	}
}

func readFile(t testing.TB, path string) *weights.File {
	t.Helper()
	f, err := weights.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// distance is the largest difference of two files' values.
func distance(a, b *weights.File) (worst float64) {
	for name, x := range a.Tensors {
		for i, v := range x.Data {
			worst = max(worst, float64(v-b.Tensors[name].Data[i]), float64(b.Tensors[name].Data[i]-v))
		}
	}
	return worst
}

func TestTrainPartNeedsText(t *testing.T) {
	c := tinyTrainer(t, 1)
	_, err := c.partJob("teacher", start{})
	wantError(t, "teacher without text", err, "want the text part trained with it")
	j, err := c.partJob("teacher", start{"text", map[string]string{"/text": filepath.Join(t.TempDir(), "gone")}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = j.run(t.Context(), Options{Runs: t.TempDir(), Engine: &engine.Engine{Name: "go"}, Out: &bytes.Buffer{}})
	wantError(t, "teacher whose text is gone", err, "gone")
}

// constantScene shows the same scene at every index.
type constantScene struct{ scene dataset.Scene }

func (c constantScene) Picture(int) dataset.Image { return c.scene.Draw(tinyworld.Size) }

func (c constantScene) Facts(int) dataset.Facts {
	shows, states := c.scene.Attributes(), c.scene.Attributes()
	states[0] = -1 // as if the caption had not said how many
	return dataset.Facts{Caption: "a shape", Shows: shows[:], States: states[:]}
}

// An oracle is always right, whatever batches the pictures come in; an attribute that no scene has is not scored.
func TestAttributeAccuracy(t *testing.T) {
	c := tinyTrainer(t, 1)
	scene, _, _ := tinyworld.New().Split("train").Scene(0)
	scene.Objects, scene.Arrangement = scene.Objects[:1], dataset.Alone
	truth := scene.Attributes()
	answer := make([]int32, len(truth))
	for a, class := range truth {
		answer[a] = int32(max(class, 0))
	}
	oracle := func(_ *model.Scope, images *Node) *Node {
		b := images.Shape().Dim(0)
		n := BroadcastToDims(InsertAxes(Const(images.Graph(), answer), 0), b, len(answer))
		return Add(n, ConvertDType(MulScalar(ReduceAllSum(images), 0), n.DType())) // some engines want every input used
	}
	for _, test := range []struct{ n, batch int }{{8, 4}, {7, 4}, {3, 4}, {1, 1}} {
		want := map[string]Hits{}
		for a, name := range dataset.AttributeNames {
			if truth[a] >= 0 {
				want[name] = Hits{Right: test.n, Of: test.n}
			}
		}
		if len(want) != 6 {
			t.Fatalf("%d attributes of one object, want 6", len(want))
		}
		got, err := c.attributeAccuracy(t.Context(), model.NewStore(), constantScene{scene}, tinyworld.New().Attributes(), test.n, test.batch, oracle)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d pictures in batches of %d (-want +got):\n%s", test.n, test.batch, diff)
		}
	}
}

// Accuracy counts each picture asked for once, however they fall into batches.
func TestAccuracyIsIndependentOfBatches(t *testing.T) {
	c := tinyTrainer(t, 1)
	guess := func(_ *model.Scope, images *Node) *Node { // bright pictures are class 1 of everything
		b := images.Shape().Dim(0)
		bright := GreaterThan(ReduceMean(images, 1, 2, 3), ScalarZero(images.Graph(), images.DType()))
		column := InsertAxes(ConvertDType(bright, Const(images.Graph(), int32(0)).DType()), 1)
		return BroadcastToDims(column, b, len(dataset.AttributeClasses))
	}
	var want map[string]Hits
	for i, batch := range []int{1, 3, 5, 20, 64} {
		got, err := c.attributeAccuracy(t.Context(), model.NewStore(), tinyworld.New().Split("heldout"), tinyworld.New().Attributes(), 20, batch, guess)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("batches of %d (-of one +got):\n%s", batch, diff)
		}
	}
}

func TestProbe(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	c := tinyTrainer(t, 1)
	b, err := LoadBundle(tinyBundle(t, c))
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := b.Into(graphtest.Engine(), store, "features"); err != nil {
		t.Fatal(err)
	}
	before := snapshot(store)
	probe := Probe{Steps: 3, Batch: 8, Heldout: 20, Rate: optim.Rate{Peak: 1e-3}}
	got, err := probe.accuracy(t.Context(), c, b.Features("features"), store, tinyworld.New(), train.NewProgress(nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 9 { // the tiny world has no third object
		t.Errorf("accuracy of %d attributes, want 9: %v", len(got), got)
	}
	for attribute, hits := range got {
		if hits.Of < 1 || hits.Right < 0 || hits.Right > hits.Of {
			t.Errorf("hits of %s = %+v", attribute, hits)
		}
	}
	after := snapshot(store)
	for path, x := range before {
		if !cmp.Equal(x, after[path]) {
			t.Errorf("the probe changes %s", path)
		}
	}
	loaded, err := probe.Accuracy(t.Context(), graphtest.Engine(), b, "features", tinyworld.New(), train.NewProgress(nil))
	if diff := cmp.Diff(got, loaded); err != nil || diff != "" {
		t.Errorf("of the bundle's features: error %v (-want +got):\n%s", err, diff)
	}
}

// Labelled pictures belong to their index, not to the batch they are drawn in.
func TestDrawLabelled(t *testing.T) {
	src, attributes := tinyworld.New().Split("train"), len(dataset.AttributeClasses)
	whole := drawLabelled(src, tinyworld.Size, attributes, 5, 6)
	for i := range 6 {
		one := drawLabelled(src, tinyworld.Size, attributes, 5+i, 1)
		area := tinyworld.Size * tinyworld.Size * 3
		part := labelledBatch{Images: whole.Images[i*area : (i+1)*area], Labels: whole.Labels[i*attributes : (i+1)*attributes]}
		if diff := cmp.Diff(one, part); diff != "" {
			t.Errorf("picture %d (-alone +in a batch):\n%s", i, diff)
		}
	}
	if a, b := firstIndex(1, "pretrain/classifier"), firstIndex(2, "pretrain/classifier"); a == b || a < 0 || b < 0 {
		t.Errorf("first indices = %d and %d, want two places from 0 on", a, b)
	}
}
