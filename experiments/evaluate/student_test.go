package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// trained writes the run of a training that ended with the weights of a file.
func trained(t testing.TB, bundle *pretrain.Bundle, weights string, edit func(*distill.Config)) string {
	t.Helper()
	cfg, err := distill.DefaultConfig("smoke")
	if err != nil {
		t.Fatal(err)
	}
	edit(&cfg)
	data, err := dataset.Open("scenes", tinyworld.Size, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := t.TempDir()
	for name, v := range map[string]any{"config.json": distill.NewRunConfig(cfg, bundle, data), "env.json": map[string]string{}, "result.json": map[string]string{}} {
		if err := record.WriteJSON(filepath.Join(run, name), v); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(run, distill.StudentFile), string(file))
	return run
}

func smallBundle(t testing.TB) *pretrain.Bundle {
	t.Helper()
	return tinybundle.Load(t, "classifier", "pair", "text", "teacher", "features")
}

func TestRunsDrawTheirPictures(t *testing.T) {
	alone(t)
	bundle := smallBundle(t)
	run := trained(t, bundle, tinybundle.WritePart(t, "teacher", 2), func(*distill.Config) {})
	args := []string{"scenes", run, "--n", "48", "--engine", "go", "--pretrained", bundle.Dir, "--metrics", "fid,clip-score"} // judged by the networks of its bundle
	r := callJSON(t, args...)
	if g := r.Generated[0]; g.Kind != "run" || g.Pictures != 48 || g.Extracted != 48 || r.Reference.Kind != "scenes" {
		t.Errorf("generated = %+v", g)
	}
	_, stderr := call(t, args...)
	if strings.Contains(stderr, "drawing") {
		t.Errorf("drawn again:\n%s", stderr)
	}
}

// How many steps there are is for the sampler to say: four times make eight steps and not six.
func TestStepsOfARun(t *testing.T) {
	alone(t)
	bundle := smallBundle(t)
	run := trained(t, bundle, tinybundle.WritePart(t, "teacher", 2), func(*distill.Config) {})
	args := []string{"scenes", run, "--n", "4", "--engine", "go", "--pretrained", bundle.Dir, "--metrics", "clip-score", "--steps"}
	if _, stderr := call(t, append(args, "8")...); !strings.Contains(stderr, "drawing 4 pictures") {
		t.Errorf("stderr = %q, want a drawing", stderr)
	}
	var stderr bytes.Buffer
	rc := command().Run(t.Context(), append(args, "6"), io.Discard, &stderr)
	if want := "steps = 6, want 1 to 4, the number of times, or a multiple of it: the student of " + run; rc != 1 || !strings.Contains(stderr.String(), want) {
		t.Errorf("rc = %d, stderr = %q, want 1 and %q", rc, &stderr, want)
	}
}

// The same weights draw other pictures in several steps where another method trained them, which the cache tells apart.
func TestStudentsDrawAsTheirMethodDoes(t *testing.T) {
	alone(t)
	bundle := smallBundle(t)
	weights := tinybundle.WritePart(t, "teacher", 2)
	score := func(edit func(*distill.Config)) resultSet {
		run := trained(t, bundle, weights, edit)
		return callJSON(t, "scenes", run, "--n", "4", "--engine", "go", "--pretrained", bundle.Dir, "--metrics", "clip-score", "--steps", "2").Generated[0]
	}
	add := score(func(*distill.Config) {})
	reflow := score(func(c *distill.Config) { c.Method = &distill.Named{Settings: distill.DefaultReflow} })
	if reflow.Extracted != 4 || reflow.Values[0].Estimate.Mean == add.Values[0].Estimate.Mean {
		t.Errorf("%+v, want 4 pictures of another score than\n%+v", reflow, add)
	}
}

func TestStudentsOfAnotherNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	alone(t)
	bundle := smallBundle(t)
	large, err := pretrain.DefaultVariants("smoke", bundle.Config, "teacher-l")
	if err != nil {
		t.Fatal(err)
	}
	large[0].Training.Steps, large[0].Training.Batch = 1, 4
	bundle, err = pretrain.RunVariants(t.Context(), bundle, large, pretrain.Options{
		Runs: t.TempDir(), Data: tinyworld.New(), Engine: &engine.Engine{Name: "go", Backend: graphtest.Engine()}, Out: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	run := trained(t, bundle, filepath.Join(bundle.Dir, "variants", "teacher-l.safetensors"), func(c *distill.Config) { c.StudentNet = "teacher-l" })
	r := callJSON(t, "scenes", run, "--n", "4", "--engine", "go", "--pretrained", bundle.Dir, "--metrics", "clip-score")
	if g := r.Generated[0]; g.Extracted != 4 {
		t.Errorf("generated = %+v, want 4 pictures of the large network", g)
	}
}

// A world whose pictures were enlarged for the network would be judged by its blur.
func TestWorldsHaveTheSizeThatTheirJudgeKnows(t *testing.T) {
	alone(t)
	bundle := smallBundle(t)
	run := trained(t, bundle, tinybundle.WritePart(t, "teacher", 2), func(*distill.Config) {})
	for why, o := range map[string]options{
		"named networks": {inputs: []string{"scenes:heldout:2"}, weights: choice{"scenes": bundle.Dir}},
		"a run's":        {inputs: []string{"scenes:heldout:2", run}, n: 2, steps: 1, pretrained: bundle.Dir, set: dataset.Spec{Name: "scenes"}},
	} {
		e := &evaluation{options: o, stderr: io.Discard, seen: map[string]resultSet{}}
		if err := e.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, err := e.sets[0].set.Items[0].Read(); err != nil || c.Width != tinyworld.Size {
			t.Errorf("%s: %d, %v, want a side of %d", why, c.Width, err, tinyworld.Size)
		}
	}
}

func TestNetworksOfOtherDataInAWorldsFolderDoNotJudgeIt(t *testing.T) {
	alone(t)
	bundle := smallBundle(t) // of objects elsewhere
	t.Chdir(t.TempDir())
	if err := os.CopyFS(pretrain.DefaultDir("scenes", "cpu"), os.DirFS(bundle.Dir)); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	rc := command().Run(t.Context(), []string{"scenes:heldout:8", "scenes:heldout:8:8", "--metrics", "fid", "--engine", "go"}, io.Discard, &stderr)
	if want := "scenes: pretrain: the networks in pretrained/scenes were trained on " + bundle.DataHash + ", not on scenes"; rc != 1 || !strings.Contains(stderr.String(), want) {
		t.Errorf("rc = %d, stderr = %q, want %q", rc, &stderr, want)
	}
}

func TestOneFolderJudgesPicturesAndCaptions(t *testing.T) {
	alone(t)
	bundle := smallBundle(t)
	_, stderr := call(t, "scenes:heldout:24", "scenes:heldout:24:24", "--metrics", "fid,clip-score", "--engine", "go", "--weights", "scenes="+bundle.Dir)
	if got := strings.Count(stderr, " of "+filepath.Base(bundle.Dir)+", "); got != 2 {
		t.Errorf("stderr = %q, want both extractors of %s", stderr, bundle.Dir)
	}
}
