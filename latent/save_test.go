package latent

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/network/weights"
)

// otherUNet are the weights of a model's U-Net, changed.
func otherUNet(t *testing.T, m *Model) *weights.File {
	t.Helper()
	f := &weights.File{Tensors: map[string]weights.Tensor{}}
	for _, name := range m.weights["unet"] {
		part, err := weights.Read(m.path(name))
		if err != nil {
			t.Fatal(err)
		}
		for tensor, x := range part.Tensors {
			for i := range x.Data {
				x.Data[i] *= 0.9
			}
			f.Tensors[tensor] = x
		}
	}
	return f
}

// A saved folder has the new U-Net and all other parts, under names without a variant. With ADDLAB_PYTHON, a Python that has diffusers,
// StableDiffusionPipeline.from_pretrained draws the same picture with it.
func TestASavedModelOpensAndDrawsWithItsOwnUNet(t *testing.T) {
	for _, folder := range []string{"sd", "xl"} {
		t.Run(folder, func(t *testing.T) {
			m, err := Open(t.Context(), tinylatent.Folder(t, folder), Options{})
			if err != nil {
				t.Fatal(err)
			}
			unet, dir := otherUNet(t, m), filepath.Join(t.TempDir(), "new", "student")
			if err := m.Save(graphtest.Engine(), dir, unet, FewSteps(false)); err != nil {
				t.Fatal(err)
			}
			index, err := os.ReadFile(filepath.Join(dir, "model_index.json"))
			if class := "EulerAncestralDiscreteScheduler"; err != nil || !strings.Contains(string(index), class) {
				t.Errorf("index = %s (%v), want the scheduler %s", index, err, class)
			}
			names, err := list(dir)
			if err != nil || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "fp16") || strings.Contains(n, "-of-") }) {
				t.Errorf("%v: %q, want no variant and no shard", err, names)
			}
			saved, err := Open(t.Context(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(unet.Tensors, otherTensors(t, saved)); diff != "" {
				t.Errorf("U-Net (-want +got):\n%.500s", diff)
			}
			old, got := picture(t, m), picture(t, saved)
			if slices.Equal(old, got) {
				t.Error("the saved model draws as before")
			}
			if python := os.Getenv("ADDLAB_PYTHON"); python != "" {
				var latents, want []float32
				latents = values(saved.UNet.InChannels*64, 1)
				text, _ := json.Marshal(latents)
				out, err := exec.Command(python, "testdata/draw.py", dir, string(text)).Output()
				if err == nil {
					err = json.Unmarshal(out, &want)
				}
				if err != nil {
					t.Fatal(err)
				}
				near(t, want, draw(t, saved, 1), 1e-4)
			}
		})
	}
}

func otherTensors(t *testing.T, m *Model) map[string]weights.Tensor {
	t.Helper()
	f, err := weights.Read(m.path(m.weights["unet"][0]))
	if err != nil {
		t.Fatal(err)
	}
	return f.Tensors
}

func TestSaveRefuses(t *testing.T) {
	m, err := Open(t.Context(), tinylatent.Folder(t, "sd"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	there, unet := t.TempDir(), otherUNet(t, m)
	if err := m.Save(graphtest.Engine(), there, unet, nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("error %v", err)
	}
	delete(unet.Tensors, "conv_in.bias")
	dir := filepath.Join(there, "new")
	if err := m.Save(graphtest.Engine(), dir, unet, nil); err == nil || !strings.Contains(err.Error(), "conv_in.bias") {
		t.Errorf("error %v, want the tensor", err)
	}
	if left, _ := os.ReadDir(there); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
