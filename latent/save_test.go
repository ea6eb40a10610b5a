package latent

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/network/weights"
)

// otherUNet are the weights of a model's U-Net, changed.
func otherUNet(t *testing.T, m *Model) *weights.File {
	t.Helper()
	f := &weights.File{Tensors: map[string]weights.Tensor{}}
	for _, name := range m.weights["unet"] {
		part, err := weights.ReadAny(m.path(name))
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

// A saved folder has the new U-Net and all other parts that are read, under names without a variant. Parts that are not are none. diffusers
// draws the same picture with it.
func TestASavedModelOpensAndDrawsWithItsOwnUNet(t *testing.T) {
	for _, folder := range []string{"sd", "xl"} {
		t.Run(folder, func(t *testing.T) {
			from := tinylatent.Folder(t, folder)
			if folder == "sd" { // as 1.5 is published
				change(t, filepath.Join(from, "model_index.json"), map[string]any{"requires_safety_checker": true,
					"safety_checker": []string{"stable_diffusion", "StableDiffusionSafetyChecker"}, "feature_extractor": []string{"transformers", "CLIPImageProcessor"}})
			}
			m, err := Open(t.Context(), from, Options{})
			if err != nil {
				t.Fatal(err)
			}
			unet, dir := otherUNet(t, m), filepath.Join(t.TempDir(), "new", "student")
			if err := m.Save(graphtest.Engine(), dir, unet, FewSteps(0, diffusion.Renoise)); err != nil {
				t.Fatal(err)
			}
			index, err := os.ReadFile(filepath.Join(dir, "model_index.json"))
			if class := "EulerAncestralDiscreteScheduler"; err != nil || !strings.Contains(string(index), class) {
				t.Errorf("index = %s (%v), want the scheduler %s", index, err, class)
			}
			if strings.Contains(string(index), "Safety") || strings.Contains(string(index), "CLIPImageProcessor") || strings.Contains(string(index), `"requires_safety_checker": true`) {
				t.Errorf("index = %s, want no part that was not copied", index)
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
			drawsInPython(t, dir, "EulerAncestralDiscreteScheduler", 1)
		})
	}
}

// drawsInPython wants diffusers to draw the same picture with a folder, where ADDLAB_PYTHON names a Python that has it.
func drawsInPython(t *testing.T, dir, scheduler string, steps int) {
	t.Helper()
	python := os.Getenv("ADDLAB_PYTHON")
	if python == "" {
		return
	}
	m, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var want []float32
	latents, err := json.Marshal(values(m.UNet.InChannels*64, 1))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "testdata/draw.py", dir, scheduler, fmt.Sprint(steps), string(latents)).Output()
	if err == nil {
		err = json.Unmarshal(out, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	near(t, want, draw(t, m, steps), 1e-4)
}

// change sets fields of a JSON file.
func change(t *testing.T, file string, values map[string]any) {
	t.Helper()
	fields := map[string]any{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	maps.Copy(fields, values)
	if err == nil {
		text, err = json.Marshal(fields)
	}
	if err == nil {
		err = os.WriteFile(file, text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A student is drawn as it was trained: by the steps of diffusion.FewStep in the form ode, and on the grid of its consistency. What the
// teacher's scheduler says of its own spacing does not matter. diffusers draws the same, in one step and in four that add no noise.
func TestSavedSchedulersFollowTheStudent(t *testing.T) {
	from := tinylatent.Folder(t, "sd")
	change(t, filepath.Join(from, schedulerFile), map[string]any{"timestep_spacing": "leading", "use_karras_sigmas": true, "final_sigmas_type": "sigma_min"})
	m, err := Open(t.Context(), from, Options{})
	if err != nil {
		t.Fatal(err)
	}
	unet := otherUNet(t, m)
	saved := func(fields map[string]any, inPython int) diffusion.Scheduler {
		dir := filepath.Join(t.TempDir(), "student")
		if err := m.Save(graphtest.Engine(), dir, unet, fields); err != nil {
			t.Fatal(err)
		}
		student, err := Open(t.Context(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := student.Scheduler("")
		if err != nil {
			t.Fatal(err)
		}
		drawsInPython(t, dir, s.Class, inPython)
		return s
	}
	euler := saved(FewSteps(0, diffusion.ODE), 4)
	want, err := diffusion.FewStep{Form: diffusion.ODE}.Plan(euler.Schedule(), 4)
	if err != nil {
		t.Fatal(err)
	}
	start, plan, err := euler.Plan(4)
	if _, sigma := euler.Schedule().AlphaSigma(1); err != nil || math.Abs(start-sigma) > 1e-9 {
		t.Errorf("start = %g (%v), want %g", start, err, sigma)
	}
	var got []diffusion.Step
	for _, call := range plan {
		call.T = (call.T + 1) / 1000
		got = append(got, call.Step)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("steps by the form ode (-want +got):\n%s", diff)
	}
	lcm := saved(FewSteps(20, diffusion.Renoise), 1)
	start, plan, err = lcm.Plan(4)
	var times []float64
	for _, call := range plan {
		times = append(times, call.T)
	}
	if want := []float64{999, 749, 499, 249}; err != nil || start != 1 || !slices.Equal(times, want) {
		t.Errorf("on a grid of 20: from noise of %g at timesteps %v (%v), want 1 and %v", start, times, err, want)
	}
}

// diffusers writes "lambda_min_clipped": -Infinity, which is no JSON, for DPM-Solver++.
func TestAStudentOfATeacherWithInfinityIsSaved(t *testing.T) {
	from := copied(t, "sd", "model_index.json", "EulerDiscreteScheduler", "DPMSolverMultistepScheduler")
	edit(t, filepath.Join(from, schedulerFile), "EulerDiscreteScheduler", `DPMSolverMultistepScheduler",
  "lambda_min_clipped": -Infinity,
  "algorithm_type": "dpmsolver++`)
	m, err := Open(t.Context(), from, Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "student")
	if err := m.Save(graphtest.Engine(), dir, otherUNet(t, m), FewSteps(0, diffusion.Renoise)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, schedulerFile))
	if want := `"lambda_min_clipped": -Infinity,`; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("scheduler = %s (%v), want %s", text, err, want)
	}
	saved, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := saved.Scheduler(""); err != nil || s.Class != "EulerAncestralDiscreteScheduler" {
		t.Errorf("class = %q (%v), want Euler's ancestral", s.Class, err)
	}
}

// A teacher's own sampler is not drawn with, so that it need not be built here; its student's is.
func TestATeacherNeedsNoSampler(t *testing.T) {
	from := copied(t, "sd", "model_index.json", "EulerDiscreteScheduler", "DDPMScheduler")
	change(t, filepath.Join(from, schedulerFile), map[string]any{"_class_name": "DDPMScheduler", "variance_type": "fixed_small", "clip_sample": true, "thresholding": true})
	m, err := Open(t.Context(), from, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Scheduler(""); err == nil {
		t.Error("DDPM draws")
	}
	b, err := NewBase(m, m.Size, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "student")
	if err := m.Save(graphtest.Engine(), dir, otherUNet(t, m), FewSteps(0, diffusion.Renoise)); err != nil {
		t.Fatal(err)
	}
	saved, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := saved.Scheduler("")
	if err != nil || s.Class != "EulerAncestralDiscreteScheduler" || s.Prediction != b.Prediction() {
		t.Fatalf("the student's scheduler is %s with %s (%v), want Euler's ancestral with %s", s.Class, s.Prediction, err, b.Prediction())
	}
	want, err := b.Schedule()
	if err != nil {
		t.Fatal(err)
	}
	for _, time := range []float64{0.001, 0.5, 1} {
		alpha, sigma := want.AlphaSigma(time)
		if a, b := s.Schedule().AlphaSigma(time); a != alpha || b != sigma {
			t.Errorf("t = %g: α, σ = %g, %g, want %g, %g", time, a, b, alpha, sigma)
		}
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
