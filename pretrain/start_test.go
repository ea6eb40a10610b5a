package pretrain

import (
	"bytes"
	"maps"
	"path/filepath"
	"testing"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
)

// Going on from a bundle trains the named part from its weights, keeps the others byte for byte, and is another run.
func TestContinueFromBundle(t *testing.T) {
	c := tinyTrainer(t, 2)
	first, err := LoadBundle(tinyBundle(t, c))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Dir: t.TempDir(), Runs: t.TempDir(), Config: first.Config, Parts: []string{"teacher"}, Data: tinyworld.New(),
		Engine: &engine.Engine{Name: "go", Backend: graphtest.Engine()}, Command: "go test", Out: &bytes.Buffer{}, Continue: first,
	}
	o.Config.TeacherTraining.Steps, o.Config.TeacherTraining.Rate.Peak = 3, 1e-4
	c = &Trainer{Config: o.Config, Data: o.Data, Backend: graphtest.Engine()}
	if err := c.Prepare(); err != nil {
		t.Fatal(err)
	}
	words := *first
	words.Words, words.PairWords = c.Words, c.Words // the tiny bundle's come from an album
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

	for _, test := range []struct {
		name, want string
		edit       func(o *Options, b *Bundle)
	}{
		{"pair", "pair cannot be trained further", func(o *Options, _ *Bundle) { o.Parts = []string{"pair"} }},
		{"other data", "were trained on elsewhere, not on", func(_ *Options, b *Bundle) { b.DataHash = "elsewhere" }},
		{"other words of the judge", "the vocabulary of", func(_ *Options, b *Bundle) { b.PairWords = first.PairWords }},
		{"onto itself", "is the bundle to continue, want another folder", func(o *Options, b *Bundle) { o.Dir = filepath.Join(b.Dir, ".") }},
		{"a part missing", "holds no classifier", func(_ *Options, b *Bundle) { delete(b.Files, "classifier") }},
	} {
		o, b := o, words
		b.Files = maps.Clone(words.Files)
		o.Continue = &b
		test.edit(&o, &b)
		wantError(t, test.name, Run(t.Context(), o), test.want)
	}
	// Another seed is the training's that goes on; the parts that stay have their own.
	o.Config.Seed++
	c.Config.Seed++
	if err := c.goesOn(&words, o.Dir, []string{"teacher"}); err != nil {
		t.Error(err)
	}
}
