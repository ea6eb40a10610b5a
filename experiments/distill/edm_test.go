package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyedm"
)

// folder has pictures whose captions are these in turn.
func folder(t *testing.T, captions ...string) string {
	t.Helper()
	dir, lines := t.TempDir(), ""
	for i := range 20 {
		img := image.NewRGBA(image.Rect(0, 0, 8, 8))
		img.Set(i%8, i/8, color.White)
		name := fmt.Sprintf("%02d.png", i)
		f, err := os.Create(filepath.Join(dir, name))
		if err == nil {
			err = png.Encode(f, img)
			f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines += fmt.Sprintf("{\"file_name\": %q, \"text\": %q}\n", name, captions[i%len(captions)])
	}
	write(t, filepath.Join(dir, "metadata.jsonl"), lines)
	return dir
}

func TestAStudentOfEDMIsSavedAsOne(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "small.json")
	const small = `{"batch": 2, "accumulate": 2, "discriminator": {"map_dim": 8}}`
	write(t, config, small)
	with := func(data string) []string {
		return append(tinybundle.Features(t), "--teacher", tinyedm.File(t), "--data", data, "--config", config, "--steps", "1", "--engine", "go",
			"--runs", filepath.Join(dir, "runs"), "--out", filepath.Join(dir, "new", "student")+"/")
	}
	saved := filepath.Join(dir, "new", "student.safetensors")
	if stdout, _ := call(t, 0, with(folder(t, "cat", "dog", "3"))...); !strings.Contains(stdout, "wrote "+saved+": go run ./experiments/sample --model "+saved+" --steps 1,4 ") {
		t.Errorf("stdout = %q", stdout)
	}
	m, err := edm.Open(saved)
	if err != nil || m.Network.LabelDim != 10 {
		t.Fatalf("%v, %v", m, err)
	}
	if want := (diffusion.FewStep{Times: []float64{1, .75, .5, .25}, Form: diffusion.Renoise}); !cmp.Equal(&want, m.Student) {
		t.Errorf("draws by %v, want %v", m.Student, want)
	}
	os.Remove(saved)
	if _, stderr := call(t, 1, with(folder(t, "cat", "a red fox"))...); !strings.Contains(stderr, `class = "a red fox", want 0 to 9 or one of airplane, `) {
		t.Errorf("stderr = %q", stderr)
	}
	if _, stderr := call(t, 1, append(with(folder(t, "cat")), "--size", "16")...); !strings.Contains(stderr, "size = 16, want 8, the teacher's") {
		t.Errorf("stderr = %q", stderr)
	}
	for name, text := range map[string]string{"2, exp": `{"teacher_guidance": 2}`, "0, nfsd": `{"weighting": "nfsd"}`} { // the tiny teacher knows nothing but classes
		write(t, config, text)
		if _, stderr := call(t, 1, with(folder(t, "cat"))...); !strings.Contains(stderr, "teacher_guidance, weighting = "+name+", want 0 and not nfsd: the teacher was trained with label_dropout = 0") {
			t.Errorf("stderr = %q", stderr)
		}
	}
	write(t, config, small)
	if _, stderr := call(t, 1, append(with(folder(t, "cat")), "--method", "ladd")...); !strings.Contains(stderr, "want a teacher with an encoder") {
		t.Errorf("stderr = %q", stderr)
	}
}
