package pretrain

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
)

// Going on from a bundle trains the named part from its weights, keeps the others byte for byte, and is another run.
func TestContinueFromBundle(t *testing.T) {
	c := tinyContext(t, 2)
	first, err := LoadBundle(tinyBundle(t, c))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Dir: t.TempDir(), Runs: t.TempDir(), Config: tinyConfig(3), Parts: []string{"teacher"}, Data: tinyworld.New(),
		Engine: &engine.Engine{Name: "go", Backend: graphtest.Engine()}, Command: "go test", Out: &bytes.Buffer{}, Continue: first,
	}
	o.Config.TeacherTraining.Rate.Peak = 1e-4
	c = &Context{Config: o.Config, Data: o.Data, Backend: graphtest.Engine()}
	if err := c.Prepare(); err != nil {
		t.Fatal(err)
	}
	words := *first
	words.Words = c.Words // the tiny bundle's come from an album
	o.Continue = &words
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	second, err := LoadBundle(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range Parts {
		moved := part == "teacher" || part == "text"
		if same := first.Files[part] == second.Files[part]; same == moved {
			t.Errorf("%s stayed as it was: %v, want %v", part, same, !moved)
		}
	}
	before, after := readFile(t, filepath.Join(first.Dir, "teacher.safetensors")), readFile(t, filepath.Join(second.Dir, "teacher.safetensors"))
	if d := distance(before, after); d == 0 || d > 1e-3 {
		t.Errorf("three small steps moved the teacher by %g, want more than 0 and at most 1e-3", d)
	}

	o.Parts = []string{"pair"}
	wantError(t, "pair", Run(t.Context(), o), "pair cannot go on from a bundle")
	o.Parts, o.Config.Networks.UNet.BlockOutChannels = []string{"teacher"}, []int{16, 8}
	wantError(t, "another architecture", Run(t.Context(), o), "teacher.safetensors")
	other := words
	other.DataHash = "elsewhere"
	o.Continue = &other
	wantError(t, "other data", Run(t.Context(), o), "were trained on elsewhere, want")
}
