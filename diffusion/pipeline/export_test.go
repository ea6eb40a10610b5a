package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// listing are the files below a folder.
func listing(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func exported(t *testing.T, b *pretrain.Bundle, s Sampling, counts ...int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "student")
	if err := Export(graphtest.Engine(), b, s, counts, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestExportWritesWhatDiffusersOpens(t *testing.T) {
	b, student := tinybundle.Load(t, "text", "teacher"), tinybundle.WritePart(t, "teacher", 2)
	sampling := FewSteps(student, []int{980, 750, 500, 250}, 0, diffusion.Renoise)
	dir := exported(t, b, sampling, 1, 2)
	want := []string{"model_index.json", "pipeline.py", "text_encoder/config.json", "text_encoder/model.safetensors", "tokenizer/tokenizer.json",
		"tokenizer/tokenizer_config.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"}
	if diff := cmp.Diff(want, listing(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	var index struct {
		Class []string          `json:"_class_name"`
		Patch int               `json:"patch"`
		Plans map[string][]call `json:"plans"`
	}
	if err := record.ReadJSON(filepath.Join(dir, "model_index.json"), &index); err != nil {
		t.Fatal(err)
	}
	alpha, sigma := diffusion.Cosine{}.AlphaSigma(.5)
	plans := map[string][]call{"1": {{980, 0, 1, 0}}, "2": {{980, 0, alpha, sigma}, {500, 0, 1, 0}}} // of a network that predicts x₀
	if diff := cmp.Diff(plans, index.Plans); diff != "" || index.Patch != 2 {
		t.Errorf("patch %d, plans (-want +got):\n%s", index.Patch, diff)
	}
	code, err := os.ReadFile(filepath.Join(dir, index.Class[0]+".py"))
	if err != nil || !bytes.Contains(code, []byte("class "+index.Class[1]+"(DiffusionPipeline)")) {
		t.Errorf("no class %s in the pipeline: %v", index.Class, err)
	}

	// The teacher has other weights, and the same student is there already.
	teacher := sampling
	teacher.Student = ""
	wantError(t, "another network", Export(graphtest.Engine(), b, teacher, []int{1, 2}, dir), dir+" is there already with other files")
	wantError(t, "other steps", Export(graphtest.Engine(), b, sampling, []int{1}, dir), dir+" is there already with other files")
	if err := Export(graphtest.Engine(), b, sampling, []int{1, 2}, dir); err != nil {
		t.Errorf("the same once more: %v", err)
	}
}

func TestExportRefuses(t *testing.T) {
	parent, b := t.TempDir(), tinybundle.Load(t, "text", "teacher")
	b.Variants = map[string]pretrain.Variant{"teacher-dit": {Name: "teacher-dit", Part: "teacher", DiT: &network.DiTConfig{}}}
	few := FewSteps("", []int{1000, 500}, 0, diffusion.Renoise)
	wrong := few
	wrong.Student = tinybundle.WritePart(t, "text", 1)
	for _, test := range []struct {
		why    string
		s      Sampling
		counts []int
		want   string
	}{
		{"a transformer", few.For("teacher-dit"), []int{1}, "teacher-dit is a transformer, want a U-Net"},
		{"guidance", Sampling{Sampler: diffusion.DDIM{}, Guidance: 2}, []int{4}, "guidance = 2, want none"},
		{"a sampler with a memory", Sampling{Sampler: diffusion.DPMSolverPP2M{}}, []int{4}, "sampler = dpmpp2m, want one that needs no earlier predictions"},
		{"steps that are none of the student's", few, []int{1, 3}, "steps = 3, want 1 to 2"},
		{"weights of another network", wrong, []int{1}, "text_model"},
	} {
		wantError(t, test.why, Export(graphtest.Engine(), b, test.s, test.counts, filepath.Join(parent, "student")), test.want)
	}
	if left := listing(t, parent); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// inDiffusers prints as JSON the ids of captions and what the pipeline in a folder draws for them, by its number of steps, from noise that is given
// for every call, channels last.
const inDiffusers = `
import json, sys
import torch
from diffusers import DiffusionPipeline

q = json.load(sys.stdin)
pipe = DiffusionPipeline.from_pretrained(q["folder"], trust_remote_code=True)
pipe.set_progress_bar_config(disable=True)
module = sys.modules[type(pipe).__module__]
drawn = {}
for steps in pipe.config.plans:
    noise = (torch.tensor(z).reshape(len(q["captions"]), q["size"], q["size"], 3).permute(0, 3, 1, 2) for z in q["noise"])
    module.randn_tensor = lambda *_, **__: next(noise)
    x = pipe(q["captions"], num_inference_steps=int(steps), output_type="latent").images
    drawn[steps] = x.permute(0, 2, 3, 1).flatten().tolist()
print(json.dumps({"drawn": drawn, "ids": pipe.tokenizer(q["captions"], padding="max_length", truncation=True).input_ids}))
`

// inPythonToo wants diffusers to read captions and to draw as here with an exported student, in one step and in four, from the same noise.
func inPythonToo(t *testing.T, python string, b *pretrain.Bundle, student string, times []int, form diffusion.Form, captions []string) {
	t.Helper()
	var noise [][]float32
	for step := range 5 {
		var all []float32
		for i := range captions {
			all = append(all, Noise(5, step, i, 3*b.Size()*b.Size())...)
		}
		noise = append(noise, all)
	}
	folder := exported(t, b, FewSteps(student, times, 0, form), 1, 4)
	stdin, err := json.Marshal(map[string]any{"folder": folder, "captions": captions, "size": b.Size(), "noise": noise})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Drawn map[string][]float32 `json:"drawn"`
		IDs   [][]int32            `json:"ids"`
	}
	var stderr bytes.Buffer
	cmd := exec.Command(python, "-c", inDiffusers)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &got)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}

	var ids [][]int32
	for _, caption := range captions {
		want := b.Words.Encode(caption)
		for k, id := range want { // the end moves behind all others
			if id == tokenizer.End {
				want[k] = int32(b.Words.Size() - 1)
			} else if id > tokenizer.End {
				want[k]--
			}
		}
		ids = append(ids, want)
	}
	if diff := cmp.Diff(ids, got.IDs); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	p := New(graphtest.Engine(), b)
	defer p.Close()
	for _, steps := range []int{1, 4} {
		want := draw(t, p, FewSteps(student, times, steps, form), len(captions), captions, 5)
		largest := 0.0
		for _, v := range want {
			largest = max(largest, math.Abs(float64(v)))
		}
		near(t, fmt.Sprint(steps, " steps"), want, got.Drawn[fmt.Sprint(steps)], 1e-4*largest)
	}
}

// With ADDLAB_PYTHON, a Python that has diffusers, an exported student reads captions and draws there as it does here: in every form of its
// steps, whatever it predicts, and as it is shipped.
func TestExportDrawsTheSameInPython(t *testing.T) {
	python := os.Getenv("ADDLAB_PYTHON")
	if python == "" {
		t.Skip("ADDLAB_PYTHON names no Python with diffusers: make parity makes one")
	}
	captions := []string{"a red circle", "A LARGE\tblue square—left of: a ring's star", "", "a\ufe0f re\u0301d İ ΣΑΣ 日本 <end> 12", "a a a a a a a a a a a a a a"}
	student := tinybundle.WritePart(t, "teacher", 2)
	for _, test := range []struct {
		schedule   string
		prediction diffusion.Prediction
		form       diffusion.Form
		times      []int
	}{
		{"cosine", diffusion.PredictX0, diffusion.Renoise, []int{980, 750, 500, 250}},
		{"stable-diffusion-ztsnr", diffusion.PredictV, diffusion.Ancestral, []int{1000, 750, 500, 250}},
		{"stable-diffusion", diffusion.PredictEps, diffusion.ODE, []int{1000}},
	} {
		t.Run(test.schedule+"/"+string(test.prediction)+"/"+string(test.form), func(t *testing.T) {
			b := tinybundle.Load(t, "text", "teacher")
			b.Config.Schedule, b.Config.Prediction = test.schedule, test.prediction
			copy(b.Words.Vocabulary, []string{"réd", "日本", "i", "σασ"})
			inPythonToo(t, python, b, student, test.times, test.form, captions)
		})
	}
	for world, captions := range map[string][]string{
		"scenes": {"a large red star left of a small blue ring"}, "scenes-free": {"a green star"}, "emoji": {"tiger face, noto style"},
	} {
		t.Run(world, func(t *testing.T) {
			b, err := pretrain.LoadBundle("../../pretrained/" + world)
			if err != nil {
				t.Fatal(err)
			}
			inPythonToo(t, python, b, filepath.Join(b.Dir, "student.safetensors"), b.Student.Times, b.Student.Form, captions)
		})
	}
}
