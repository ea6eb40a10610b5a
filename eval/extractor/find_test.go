package extractor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/internal/hubtest"
)

func TestWeightsComeFromTheHubOnce(t *testing.T) {
	hubtest.EmptyCaches(t)
	m := readModels(t).Models["open_clip"]
	dir := m.write(t)
	files := map[string][]byte{"README.md": []byte("hello")}
	for _, name := range []string{"model.safetensors", "merges.txt"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	h := &hubtest.Hub{Kind: "models", Repo: "nobody/small", Files: files}
	h.Start(t)
	spec := smallCLIP(false)
	spec.source = clipSource("nobody/small", "absent.safetensors")
	for i := range 2 {
		o := options(t, "")
		var said bytes.Buffer
		o.Progress = &said
		x, err := spec.open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		captions, err := x.(Captioner).Captions(t.Context(), readModels(t).Captions)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "captions", m.Captions, captions)
		x.Close()
		if told := strings.Contains(said.String(), "hf:nobody/small: fetching 2 of 2 files"); told != (i == 0) {
			t.Errorf("call %d says %q", i+1, said.String())
		}
	}
	if asked := slices.DeleteFunc(h.Asked(), func(name string) bool { return name == "" }); len(asked) != 2 {
		t.Errorf("fetched %q, want the weights and the merges once each", asked)
	}

	// Without the hub, what has been fetched is enough.
	t.Setenv("HF_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("HF_HUB_OFFLINE", "1")
	x, err := spec.open(t.Context(), options(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	x.Close()
}

func TestWhatTheHubCannotGiveIsSaid(t *testing.T) {
	hubtest.EmptyCaches(t)
	s := clipSource("nobody/small")
	t.Setenv("HF_HUB_OFFLINE", "1")
	_, err := s.find(t.Context(), Options{})
	wantError(t, err, "nobody/small", "fetching is off", "merges.txt")

	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("HF_ENDPOINT", "http://127.0.0.1:1")
	_, err = s.find(t.Context(), Options{})
	wantError(t, err, "nobody/small", "or the file named")

	(&hubtest.Hub{Kind: "models", Repo: "nobody/small", Files: map[string][]byte{"README.md": nil}}).Start(t)
	_, err = s.find(t.Context(), Options{})
	wantError(t, err, "has none of model.safetensors, pytorch_model.bin")

	h := &hubtest.Hub{
		Kind: "models", Repo: "nobody/other",
		Files:  map[string][]byte{"model.safetensors": []byte("a"), "merges.txt": []byte("merges")},
		Served: map[string][]byte{"model.safetensors": []byte("b")}, Cut: map[string]int{"merges.txt": 3},
	}
	h.Start(t)
	_, err = clipSource("nobody/other").find(t.Context(), Options{})
	wantError(t, err, "extractor: weights: hf:nobody/other: model.safetensors: SHA-256 = ", "the same command fetches it again")
	h.Served = nil
	_, err = clipSource("nobody/other").find(t.Context(), Options{})
	wantError(t, err, "extractor: weights: hf:nobody/other: merges.txt: the connection broke 3 times")

	_, err = inceptionSource.find(t.Context(), Options{})
	wantError(t, err, "pt_inception-2015-12-05-6726825d.pth")
}

// A first start of XLA fetches a large library: nobody waits for it only to hear that weights are missing.
func TestNoEngineIsOpenedWhereWeightsAreMissing(t *testing.T) {
	hubtest.EmptyCaches(t)
	t.Setenv("HF_HUB_OFFLINE", "1")
	for _, k := range Kinds() {
		o := Options{Weights: filepath.Join(t.TempDir(), "none"), Engine: func(context.Context) (compute.Backend, error) {
			t.Errorf("%s opens the engine", k.Name)
			return nil, errors.New("no engine")
		}}
		if _, err := k.Open(t.Context(), o); err == nil {
			t.Errorf("%s: no error, want that there are no weights", k.Name)
		}
	}
}

func TestWeightsOfPyTorchProgramsAreFound(t *testing.T) {
	cache := hubtest.EmptyCaches(t)
	want := writeFile(t, filepath.Join(cache, "torch", "hub", "checkpoints", "pt_inception-2015-12-05-6726825d.pth"), []byte("x"))
	got, err := inceptionSource.find(t.Context(), Options{})
	if err != nil || got != want {
		t.Errorf("file = %q, %v, want %q", got, err, want)
	}
	_, err = Inception.Open(t.Context(), options(t, ""))
	wantError(t, err, "want 6726825d… as its name says")

	home := t.TempDir()
	t.Setenv("HF_HOME", home)
	snapshots := filepath.Join(home, "hub", "models--nobody--small", "snapshots")
	writeFile(t, filepath.Join(snapshots, "without-merges", "model.safetensors"), nil)
	want = writeFile(t, filepath.Join(snapshots, "whole", "pytorch_model.bin"), nil)
	writeFile(t, filepath.Join(snapshots, "whole", "merges.txt"), nil)
	if got, err := clipSource("nobody/small").find(t.Context(), Options{}); err != nil || got != want {
		t.Errorf("file = %q, %v, want %q", got, err, want)
	}
}

func TestKindsAreComplete(t *testing.T) {
	want := []string{"clip-b32", "clip-l14", "clip-l14-336", "dinov2-b", "dinov2-l", "dinov2-s", "efficientnet-lite0", "inception", "openclip-g14"}
	for _, name := range want {
		k, err := ByName(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if k.About == "" || k.Open == nil || k.Captions != strings.Contains(name, "clip") {
			t.Errorf("%+v", k)
		}
	}
	_, err := ByName("vgg")
	wantError(t, err, `extractor = "vgg"`, "inception")
}
