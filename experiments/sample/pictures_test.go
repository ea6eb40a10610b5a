package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/latent"
)

// A picture of a latent model is written before the next is begun, so that an interruption loses one at most, and all calls are told.
func TestAnInterruptionKeepsWhatIsDrawn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "drawn")
	var o options
	if err := o.parse(flag.NewFlagSet("sample", flag.ContinueOnError), []string{"--model", tinylatent.Folder(t, "sd"), "--prompt", "a fox", "--size", "8",
		"--steps", "2", "--n", "3", "--pictures", dir}); err != nil {
		t.Fatal(err)
	}
	m, err := latent.Open(t.Context(), o.model.name, latent.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := o.modelRows(m, o.prompts)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Load(graphtest.Engine())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var told [][3]int
	err = latentPictures(ctx, o, p, rows[0], func(picture, call, calls int) {
		told = append(told, [3]int{picture, call, calls})
		if picture == 2 {
			interrupt()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that it was interrupted", err)
	}
	if diff := cmp.Diff([][3]int{{1, 1, 2}, {1, 2, 2}, {2, 1, 2}}, told); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if drawn, err := filepath.Glob(filepath.Join(dir, "*.png")); err != nil || len(drawn) != 1 {
		t.Errorf("%q (%v), want the first picture", drawn, err)
	}
}

// Pictures go into a folder one by one; those that are there are not drawn again, and what is drawn does not depend on how many are.
func TestPicturesForEvaluate(t *testing.T) {
	for name, args := range map[string][]string{
		"EDM":    {"--model", tinyedm.File(t), "--steps", "1"},
		"latent": {"--model", tinylatent.Folder(t, "sd"), "--prompt", "a fox", "--prompt", "a red tail", "--size", "8"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "drawn")
			run := func(want int, more ...string) string {
				var stdout, stderr bytes.Buffer
				if rc := command().Run(t.Context(), slices.Concat(args, []string{"--engine", "go", "--pictures", dir}, more), &stdout, &stderr); rc != want {
					t.Fatalf("rc = %d, want %d: %s", rc, want, &stderr)
				}
				return stdout.String() + stderr.String()
			}
			read := func() (all [][]byte) {
				files, err := filepath.Glob(filepath.Join(dir, "*.png"))
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range files {
					b, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, b)
				}
				return all
			}
			if got := run(0, "--n", "5"); !strings.Contains(got, "wrote 5 pictures into "+dir) {
				t.Errorf("said %q", got)
			}
			five := read()
			if len(five) != 5 || bytes.Equal(five[0], five[1]) {
				t.Fatalf("%d pictures, want five that differ", len(five))
			}
			if err := os.Remove(filepath.Join(dir, "000003.png")); err != nil {
				t.Fatal(err)
			}
			run(0, "--n", "7")
			seven := read()
			if len(seven) != 7 {
				t.Fatalf("%d pictures, want 7", len(seven))
			}
			for i := range five {
				if !bytes.Equal(five[i], seven[i]) {
					t.Errorf("picture %d of 7 is not that of 5", i)
				}
			}
			for want, more := range map[string][]string{
				"has more than 6 pictures, want a new folder": {"--n", "6"},
				"want one number of steps and one sampler":    {"--n", "7", "--steps", "1,2"},
				"--out has no effect with --pictures":         {"--n", "7", "--out", "x.png"},
				"was begun with other settings":               {"--n", "7", "--seed", "2"},
				"n = 0, want ≥ 1 pictures":                    {"--n", "0"},
			} {
				if got := run(1, more...); !strings.Contains(got, want) {
					t.Errorf("%q: %q, want %q", more, got, want)
				}
			}

			// Another path of the same model continues.
			t.Chdir(filepath.Dir(args[1]))
			args[1] = "./" + filepath.Base(args[1]) + map[string]string{"latent": "/"}[name]
			run(0, "--n", "7")

			// Another model of the same name, and pictures of which nothing is known, are not continued.
			model := args[1]
			if info, err := os.Stat(model); err == nil && info.IsDir() {
				model = filepath.Join(model, "scheduler", "scheduler_config.json")
			}
			f, err := os.OpenFile(model, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = f.WriteString("\n"); err != nil {
				t.Fatal(err)
			}
			f.Close()
			if got := run(1, "--n", "8"); !strings.Contains(got, "was begun with other settings") {
				t.Errorf("of another model: %q", got)
			}
			if err := os.Remove(dir + ".txt"); err != nil {
				t.Fatal(err)
			}
			if got := run(1, "--n", "8"); !strings.Contains(got, "drawn.txt does not say which, want a new folder") || len(read()) != 7 {
				t.Errorf("without drawn.txt: %q", got)
			}
		})
	}
}
