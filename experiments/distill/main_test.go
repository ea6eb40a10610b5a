package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// features writes a small transformer with random weights, and gives the flags that name it.
func features(t *testing.T) []string {
	t.Helper()
	net := network.ViTConfig{ImageSize: 8, Patch: 4, Width: 8, Depth: 1, Heads: 2, Stem: "patch", ImageNet: true}
	store, dir := model.NewStore(), t.TempDir()
	g := NewGraph(graphtest.Engine(), "features")
	defer g.Finalize()
	model.SetStore(g, store)
	network.ViT(store.Scope("/features"), net, Const(g, tensors.FromFlatDataAndDimensions(make([]float32, 8*8*3), 1, 8, 8, 3)), nil)
	f, err := weights.FromStore(store, "/features")
	if err == nil {
		err = weights.Write(filepath.Join(dir, "vit.safetensors"), f, weights.F32)
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "vit.json"), `{"image_size": 8, "patch_size": 4, "embed_dim": 8, "depth": 1, "num_heads": 2, "stem": "patch", "imagenet": true}`)
	return []string{"--features", filepath.Join(dir, "vit.safetensors"), "--features-net", filepath.Join(dir, "vit.json")}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// call runs the program and wants a code.
func call(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	if rc := command().Run(t.Context(), args, &out, &errors); rc != want {
		t.Fatalf("%q: rc = %d, want %d: %s", args, rc, want, &errors)
	}
	return out.String(), errors.String()
}

func TestAStudentIsTrainedOnceAndSavedAsAModel(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "small.json")
	write(t, config, `{"accumulate": 2, "discriminator": {"map_dim": 8}}`)
	args := append(features(t), "--teacher", tinylatent.Folder(t, "sd"), "--data", "scenes", "--config", config, "--steps", "2",
		"--engine", "go", "--runs", filepath.Join(dir, "runs"), "--out", filepath.Join(dir, "student"))
	stdout, _ := call(t, 0, args...)
	if !strings.Contains(stdout, "step 2/2") || !strings.Contains(stdout, "wrote "+filepath.Join(dir, "student")) {
		t.Errorf("stdout = %q", stdout)
	}
	if _, err := latent.Open(t.Context(), filepath.Join(dir, "student"), latent.Options{}); err != nil {
		t.Error(err)
	}
	if _, stderr := call(t, 1, args...); !strings.Contains(stderr, "is there already, want a new folder") {
		t.Errorf("stderr = %q", stderr)
	}
	if stdout, _ := call(t, 0, append(args, "--out", filepath.Join(dir, "again"))...); strings.Contains(stdout, "distill: step") {
		t.Errorf("a finished run is trained again: %q", stdout)
	}
}

func TestThePlanCountsWhatIsKept(t *testing.T) {
	stdout, _ := call(t, 0, "--teacher", tinylatent.Folder(t, "sd"), "--plan")
	m, err := latent.Open(t.Context(), tinylatent.Folder(t, "sd"), latent.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sizes, err := m.Sizes()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(m.Dir, "unet", "diffusion_pytorch_model.fp16.safetensors"))
	if s := sizes["unet"]; err != nil || s.Bytes != 2*s.Values || s.Bytes > info.Size() || s.Bytes < info.Size()*8/10 {
		t.Errorf("U-Net = %+v, want half precision and nearly the %d bytes of its file (%v)", s, info.Size(), err)
	}
	for _, want := range []string{"teacher, frozen: 0.1 million values", "moments, sum of gradients: 0.4 million values", "2 pictures of 16×16 a pass, 64 passes a step"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout = %q, want %q", stdout, want)
		}
	}
}

func TestWrongCallsAreRefusedByName(t *testing.T) {
	folder, seen := tinylatent.Folder(t, "sd"), features(t)
	with := func(args ...string) []string {
		return append(append([]string{"--teacher", folder, "--out", filepath.Join(t.TempDir(), "new")}, args...), seen...)
	}
	muon := filepath.Join(t.TempDir(), "muon.json")
	write(t, muon, `{"muon": true}`)
	for want, args := range map[string][]string{
		"teacher is missing": {"--data", "scenes"},
		"data is missing":    {"--teacher", folder},
		"features is missing, want a file with weights":  {"--teacher", folder, "--data", "scenes"},
		`method = "sdxl", want one of ["add" "ladd"`:     {"--teacher", folder, "--plan", "--method", "sdxl"},
		`features-net = "resnet", want one of ["dino-s"`: append(with("--data", "scenes"), "--features-net", "resnet"),
		"size = 18, want a multiple of 4 pixels":         with("--data", "scenes", "--size", "18"),
		"size = 4, want at least the 8 of the features":  with("--data", "scenes", "--size", "4"),
		"accumulate = 64, want 0 or 1 with muon":         with("--data", "scenes", "--config", muon),
		"model_index.json":                               {"--teacher", t.TempDir(), "--plan"},
		"steps = 0, want ≥ 1":                            with("--data", "scenes", "--steps", "0"),
	} {
		if _, stderr := call(t, 1, args...); !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: stderr = %q, want one line with %q", args, stderr, want)
		}
	}
}
