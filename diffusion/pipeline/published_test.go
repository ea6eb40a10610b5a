package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network/weights"
)

// A student of a latent model draws here what the saved model draws from the same noise, and its teacher something else.
func TestAStudentOfALatentModelDrawsAsItsSavedModel(t *testing.T) {
	backend, captions, out := graphtest.Engine(), []string{"a cat", "two dogs", "a house"}, t.TempDir()
	for _, kind := range []string{"sd", "xl"} {
		m, err := latent.Open(t.Context(), tinylatent.Folder(t, kind), latent.Options{})
		if err != nil {
			t.Fatal(err)
		}
		base, err := latent.NewBase(m, m.Size, nil) // features take no part in drawing
		if err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		base.Build(backend, store, "/student", "teacher")
		student, err := weights.FromStore(store, "/student")
		if err != nil {
			t.Fatal(err)
		}
		file, folder := filepath.Join(out, kind+".safetensors"), filepath.Join(out, kind)
		if err := weights.Write(file, student, weights.F32); err != nil {
			t.Fatal(err)
		}
		if err := m.Save(backend, folder, student, latent.FewSteps(0, diffusion.Ancestral)); err != nil {
			t.Fatal(err)
		}

		p := New(backend, base)
		defer p.Close()
		saved, err := latent.Open(t.Context(), folder, latent.Options{})
		if err != nil {
			t.Fatal(err)
		}
		its, err := saved.Load(backend)
		if err != nil {
			t.Fatal(err)
		}
		defer its.Close()
		for _, steps := range []int{1, 4} {
			sampling := FewSteps(file, []int{1000, 750, 500, 250}, steps, diffusion.Ancestral)
			got := draw(t, p, sampling, 2, captions, 5)
			if sampling.Student = ""; slices.Equal(got, draw(t, p, sampling, 2, captions, 5)) {
				t.Errorf("%s: student and teacher draw the same", kind)
			}
			want, err := its.Draw(t.Context(), latent.Request{Prompts: captions, Steps: steps, Size: m.Size, Noise: func(k, i, n int) []float32 { return Noise(5, k, i, n) }})
			if err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprintf("%s, %d steps", kind, steps), want, got, 1e-5*float64(slices.Max(want)))
		}
	}
}

// The teacher of EDM draws the same before and after a student, whose weights take another store.
func TestAPublishedTeacherDrawsItsOwnAfterAStudent(t *testing.T) {
	backend, captions := graphtest.Engine(), []string{"cat", "3"}
	m, err := edm.Open(tinyedm.File(t))
	if err != nil {
		t.Fatal(err)
	}
	base, err := edm.NewBase(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, file := model.NewStore(), filepath.Join(t.TempDir(), "student.safetensors")
	base.Build(backend, store, "/student", "teacher")
	student, err := weights.FromStore(store, "/student")
	if err == nil {
		err = weights.Write(file, student, weights.F32)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := New(backend, base)
	defer p.Close()
	sampling := FewSteps("", []int{1000, 500}, 2, diffusion.Renoise)
	teacher := draw(t, p, sampling, 2, captions, 5)
	if slices.Equal(teacher, draw(t, p, FewSteps(file, []int{1000, 500}, 2, diffusion.Renoise), 2, captions, 5)) {
		t.Error("student and teacher draw the same")
	}
	near(t, "teacher after a student", teacher, draw(t, p, sampling, 2, captions, 5), 0)
}
