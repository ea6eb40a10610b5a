package latent

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/network/weights"
)

// values are n numbers in [-1,1), a hash of their position and k, as in testdata/folders.py.
func values(n, k int) []float32 {
	x := make([]float32, n)
	for i := range x {
		h := uint32(i)*374761393 + uint32(k)*668265263
		h = (h ^ h>>13) * 1274126177
		h ^= h >> 16
		x[i] = float32(1.7 * (float64(h)/(1<<31) - 1))
	}
	return x
}

// The folders that diffusers saved draw the pictures that diffusers draws, from the same latents.
func TestPicturesEqualDiffusers(t *testing.T) {
	text, err := os.ReadFile("testdata/pictures.json") // by testdata/folders.py
	if err != nil {
		t.Fatal(err)
	}
	var pictures map[string]json.RawMessage
	if err := json.Unmarshal(text, &pictures); err != nil {
		t.Fatal(err)
	}
	for folder, variant := range map[string]string{"sd": "fp16", "xl": ""} {
		m, err := Open(t.Context(), tinylatent.Folder(t, folder), Options{Variant: variant})
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Load(graphtest.Engine())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		var want map[string][]float32
		if err := json.Unmarshal(pictures[folder], &want); err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]Request{
			"turbo 1":    {Steps: 1},
			"turbo 4":    {Steps: 4},
			"guided 5":   {Steps: 5, Guidance: 4, Sampler: "dpmpp2m"},
			"leading 3":  {Steps: 3},
			"pndm 6":     {Steps: 6, Sampler: "pndm"},
			"negative 5": {Steps: 5, Guidance: 4, Sampler: "dpmpp2m", Negative: "fox"},
		} {
			if want[name] == nil { // of the other folder
				continue
			}
			t.Run(folder+"/"+name, func(t *testing.T) {
				if name == "leading 3" {
					edit(t, m.path("scheduler/scheduler_config.json"), "trailing", "leading")
					defer edit(t, m.path("scheduler/scheduler_config.json"), "leading", "trailing")
				}
				r.Prompts, r.Size = []string{"a photo of a fox", "a red tail!"}, m.Size
				r.Noise = func(k, i, n int) []float32 { return values(2*n, k+1)[i*n : (i+1)*n] }
				got, err := p.Draw(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				near(t, want[name], got, 1e-4)
			})
			delete(want, name)
		}
		if delete(want, "lcm 3"); len(want) > 0 { // which another test draws
			t.Errorf("%s: nothing draws %q", folder, slices.Sorted(maps.Keys(want)))
		}
	}
}

// near wants no difference above a part of the largest value.
func near(t *testing.T, want, got []float32, tolerance float64) {
	t.Helper()
	var worst, largest float64
	for i := range min(len(want), len(got)) {
		worst = max(worst, math.Abs(float64(want[i]-got[i])))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	if len(want) != len(got) || !(worst <= tolerance*max(1, largest)) || largest == 0 {
		t.Errorf("%d values that differ by %.3g, want %d and ≤ %g of %.3g", len(got), worst, len(want), tolerance, largest)
	}
}

func TestProgressTellsEveryCall(t *testing.T) {
	m, err := Open(t.Context(), tinylatent.Folder(t, "sd"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Load(graphtest.Engine())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var told [][3]int
	r := Request{Prompts: []string{"a fox", "a fox"}, Sampler: "pndm", Steps: 2, Size: 8, Progress: func(picture, call, calls int) { told = append(told, [3]int{picture, call, calls}) }}
	flat, err := p.Draw(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][3]int{{1, 1, 3}, {1, 2, 3}, {1, 3, 3}, {2, 1, 3}, {2, 2, 3}, {2, 3, 3}}, told); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if n := len(flat) / 2; len(flat) != 2*8*8*3 || slices.Equal(flat[:n], flat[n:]) {
		t.Errorf("%d values, want two pictures from other noise", len(flat))
	}
}

// A U-Net that reads guidance draws with LCM's scheduler what diffusers' LatentConsistencyModelPipeline draws.
func TestALatentConsistencyModelEqualsDiffusers(t *testing.T) {
	dir := copied(t, "sd", "model_index.json", "StableDiffusionPipeline", "LatentConsistencyModelPipeline")
	edit(t, filepath.Join(dir, "model_index.json"), "EulerDiscreteScheduler", "LCMScheduler")
	edit(t, filepath.Join(dir, "unet", "config.json"), `"time_cond_proj_dim": null`, `"time_cond_proj_dim": 8`)
	file := filepath.Join(dir, "unet", "diffusion_pytorch_model.fp16.safetensors")
	unet, err := weights.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	reading := values(16*8, 9)
	for i := range reading {
		reading[i] /= 1.7
	}
	unet.Tensors["time_embedding.cond_proj.weight"] = weights.Tensor{Shape: []int{16, 8}, Data: reading}
	if err := weights.Write(file, unet, weights.F32); err != nil {
		t.Fatal(err)
	}
	m, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Load(graphtest.Engine())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	got, err := p.Draw(t.Context(), Request{
		Prompts: []string{"a photo of a fox", "a red tail!"}, Steps: 3, Guidance: 8.5, Size: m.Size,
		Noise: func(k, i, n int) []float32 { return values(2*n, k+1)[i*n : (i+1)*n] },
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/pictures.json")
	if err != nil {
		t.Fatal(err)
	}
	var pictures struct{ SD map[string][]float32 }
	if err := json.Unmarshal(text, &pictures); err != nil {
		t.Fatal(err)
	}
	near(t, pictures.SD["lcm 3"], got, 1e-4)
}
