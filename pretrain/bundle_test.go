package pretrain

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/network/weights"
)

// Written and read again, a bundle has the same config, tokenizers and weights, these to half precision.
func TestBundleRoundTrip(t *testing.T) {
	c, dir := tinyTrainer(t, 1), t.TempDir()
	c.PairWords = tokenizer.Build([]string{"other words for the pair"}, 4, 8)
	stores := tinyStores(t, c)
	provenance := map[string]Provenance{"text": {Command: "go test", Steps: 7, Run: "abc"}}
	if err := WriteBundle(dir, c, saved(t, stores), provenance); err != nil {
		t.Fatal(err)
	}
	b, err := LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := &Bundle{Dir: dir, Config: c.Config, DataHash: c.Data.Hash(), Files: b.Files, Words: c.Words, PairWords: c.PairWords, Provenance: b.Provenance}
	if diff := cmp.Diff(want, b, cmp.Comparer(func(a, b *tokenizer.Words) bool {
		return a.Context == b.Context && slices.Equal(a.Vocabulary, b.Vocabulary)
	})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(Parts)), slices.Sorted(maps.Keys(b.Files))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if !b.Has("text") || b.Has("student") {
		t.Errorf("Has(text), Has(student) = %v, %v, want true, false", b.Has("text"), b.Has("student"))
	}
	if got := readManifest(t, dir).Provenance["text"]; !cmp.Equal(got, provenance["text"]) {
		t.Errorf("provenance = %+v", got)
	}

	raw, err := weights.ReadRaw(filepath.Join(dir, "teacher.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range raw.Tensors {
		if x.DType != weights.F16 {
			t.Errorf("%s is stored as %s, want %s", name, x.DType, weights.F16)
		}
	}

	loaded := model.NewStore()
	if err := b.Into(graphtest.Engine(), loaded, Parts...); err != nil {
		t.Fatal(err)
	}
	for v := range loaded.IterVariables() {
		if v.Trainable {
			t.Errorf("%s can be trained", v.Path())
		}
	}
	got := snapshot(loaded)
	for part, store := range stores {
		for path, x := range snapshot(store) {
			y, ok := got[path]
			if !ok || len(x) != len(y) {
				t.Errorf("%s of %s is missing or has another size", path, part)
				continue
			}
			delete(got, path)
			for i := range x {
				// Half precision: 11 bits, and steps of 2⁻²⁴ below 2⁻¹⁴.
				if bound := math.Max(math.Abs(float64(x[i]))*0x1p-11, 0x1p-25); math.Abs(float64(x[i]-y[i])) > bound {
					t.Errorf("%s[%d] = %g, want %g to half precision", path, i, y[i], x[i])
					break
				}
			}
		}
	}
	for path := range got {
		t.Errorf("%s was not in the stores", path)
	}
}

func readManifest(t testing.TB, dir string) (m Bundle) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// rewrite changes the manifest of a bundle.
func rewrite(t testing.TB, dir string, edit func(m *Bundle)) {
	t.Helper()
	m := readManifest(t, dir)
	edit(&m)
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, manifestName), data)
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestLoadBundleRefuses(t *testing.T) {
	c := tinyTrainer(t, 1)
	whole := tinyBundle(t, c)
	teacher := func(dir string) string { return filepath.Join(dir, "teacher.safetensors") }
	for _, test := range []struct {
		name string
		harm func(dir string)
		want []string
	}{
		{"no bundle", func(dir string) { os.Remove(filepath.Join(dir, manifestName)) }, []string{"no pretrained networks in", "go run ./experiments/pretrain"}},
		{"manifest cut off", func(dir string) { write(t, filepath.Join(dir, manifestName), []byte(`{"config": {`)) }, []string{"pretrain:", manifestName}},
		{"one bit of a file", func(dir string) {
			data, _ := os.ReadFile(teacher(dir))
			data[len(data)/2] ^= 1
			write(t, teacher(dir), data)
		}, []string{"teacher.safetensors has SHA-256", "the file is damaged or from elsewhere"}},
		{"a file cut off", func(dir string) {
			data, _ := os.ReadFile(teacher(dir))
			write(t, teacher(dir), data[:len(data)-1])
		}, []string{"teacher.safetensors has SHA-256"}},
		{"a file gone", func(dir string) { os.Remove(teacher(dir)) }, []string{"pretrain:", "teacher.safetensors"}},
		{"config that cannot work", func(dir string) { rewrite(t, dir, func(m *Bundle) { m.Config.EMA = 1 }) }, []string{manifestName, "ema = 1"}},
		{"no tokenizer", func(dir string) { rewrite(t, dir, func(m *Bundle) { m.PairWords = nil }) }, []string{"words or pair_words are missing"}},
		{"empty tokenizer", func(dir string) { rewrite(t, dir, func(m *Bundle) { m.Words.Vocabulary = nil }) }, []string{manifestName, "vocabulary is empty"}},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		test.harm(dir)
		_, err := LoadBundle(dir)
		wantError(t, test.name, err, test.want...)
	}
}

// Files whose hash is right but that hold another network: what is wrong is named, and nothing of it reaches the store.
func TestIntoRefuses(t *testing.T) {
	c := tinyTrainer(t, 1)
	whole := tinyBundle(t, c)
	const name = "conv_in.bias"
	for _, test := range []struct {
		what string
		edit func(f *weights.File)
		want []string
	}{
		{"tensor missing", func(f *weights.File) { delete(f.Tensors, name) }, []string{"teacher.safetensors", "1 missing (" + name + ")"}},
		{"tensor too many", func(f *weights.File) { f.Tensors["conv_in.extra"] = f.Tensors[name] }, []string{"teacher.safetensors", "1 unexpected (conv_in.extra)"}},
		{"wrong shape", func(f *weights.File) { f.Tensors[name] = weights.Tensor{Shape: []int{4}, Data: make([]float32, 4)} }, []string{"1 of another shape (" + name + " [4], want [8])"}},
		{"another network", func(f *weights.File) { clear(f.Tensors) }, []string{"missing"}},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "teacher.safetensors")
		file, err := weights.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		test.edit(file)
		if err := weights.Write(path, file, weights.F16); err != nil {
			t.Fatal(err)
		}
		rewrite(t, dir, func(m *Bundle) {
			if m.Files["teacher"], err = weights.SHA256(path); err != nil {
				t.Fatal(err)
			}
		})
		b, err := LoadBundle(dir)
		if err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		wantError(t, test.what, b.Into(graphtest.Engine(), store, "teacher"), test.want...)
		if store.NumVariables() != 0 {
			t.Errorf("%s: %d variables reached the store", test.what, store.NumVariables())
		}
	}

	b, err := LoadBundle(whole)
	if err != nil {
		t.Fatal(err)
	}
	delete(b.Files, "classifier")
	wantError(t, "part that is not there", b.Into(graphtest.Engine(), model.NewStore(), "classifier"), "holds no classifier, want classifier.safetensors")
	// An architecture that cannot be built is an error of the bundle, not a crash of the program.
	b.Config.Networks.UNet.Heads = []int{3, 3}
	wantError(t, "architecture that cannot be built", b.Into(graphtest.Engine(), model.NewStore(), "teacher"), "building teacher")
	wantError(t, "unknown part", b.Check(graphtest.Engine(), "nothing", &weights.File{}), `part = "nothing"`)
}

// A bundle that is half replaced is none, rather than a damaged one.
func TestWriteBundleForgetsFirst(t *testing.T) {
	c := tinyTrainer(t, 1)
	dir := tinyBundle(t, c)
	path := filepath.Join(dir, "teacher.safetensors")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o777); err != nil {
		t.Fatal(err)
	}
	wantError(t, "a file that cannot be written", WriteBundle(dir, c, saved(t, tinyStores(t, c)), nil), "teacher.safetensors")
	_, err := LoadBundle(dir)
	wantError(t, "what is left", err, "no pretrained networks in")
}

// Equal stores give equal files, so that a bundle's hashes name its weights.
func TestBundleFilesAreReproducible(t *testing.T) {
	c := tinyTrainer(t, 1)
	one, other := tinyBundle(t, c), tinyBundle(t, c)
	entries, err := os.ReadDir(one)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		a, _ := os.ReadFile(filepath.Join(one, e.Name()))
		b, _ := os.ReadFile(filepath.Join(other, e.Name()))
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between two bundles of the same weights", e.Name())
		}
	}
}

func TestDefaultDir(t *testing.T) {
	for _, test := range []struct{ data, scale, want string }{
		{"scenes", "cpu", "pretrained/scenes"}, {"scenes", "gpu", "pretrained/scenes-gpu"}, {"birds", "smoke", "pretrained/birds-smoke"},
	} {
		if got := filepath.ToSlash(DefaultDir(test.data, test.scale)); got != test.want {
			t.Errorf("%s at scale %s: %s, want %s", test.data, test.scale, got, test.want)
		}
	}
}

func TestAWorldsNetworksSayWhatTheyWereTrainedOn(t *testing.T) {
	set := func(name string) dataset.Spec { return dataset.Spec{Name: name} }
	for _, c := range []struct{ trained, asked, want string }{
		{"emoji", "scenes", "emoji"}, {"scenes", "scenes", "scenes"}, {"birds", "scenes", "scenes"}, {"birds", "path/to/birds", "path/to/birds"}, {"emoji", "scenes-free", "scenes-free"},
	} {
		if got := (&Bundle{Config: Config{Data: c.trained}}).Set(set(c.asked)); got != set(c.want) {
			t.Errorf("of %s, asked for %s: %+v, want %s", c.trained, c.asked, got, c.want)
		}
	}
}
