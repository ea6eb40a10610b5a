package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/report"
)

// ofPublished calls the program on a small published teacher, and wants a code.
func ofPublished(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, failed bytes.Buffer
	if rc := run(t.Context(), args, &out, &failed); rc != want {
		t.Fatalf("%q: rc = %d, want %d: %s", args, rc, want, &failed)
	}
	return out.String(), failed.String()
}

// published are flags of a small latent teacher, whose students train for a step.
func published(t *testing.T) []string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "small.json")
	if err := os.WriteFile(config, []byte(`{"batch": 4, "accumulate": 1, "discriminator": {"map_dim": 8}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	return append(tinybundle.Features(t), "--teacher", tinylatent.Folder(t, "sd"), "--data", "scenes", "--config", config, "--steps", "1", "--images", "8", "--engine", "go",
		"--out", filepath.Join(t.TempDir(), "out"))
}

// A published teacher's students are trained, drawn and scored by a network of others, once; the table says by which.
func TestStudentsOfAPublishedTeacherAreCompared(t *testing.T) {
	if testing.Short() {
		t.Skip("scores pictures of 224×224 pixels")
	}
	args := published(t)
	stdout, _ := ofPublished(t, 0, append(args, "--axis", "disc-cond", "--cells", "text,both")...)
	table, err := report.ReadTable(filepath.Join(args[len(args)-1], "disc-cond", "table.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != 2 || len(table.References) != 5 || table.Scale != "paper" {
		t.Errorf("table = %+v, want two cells, five references and the scale paper", table)
	}
	for _, row := range append(table.Rows, table.References...) {
		if row.Images != 8 || !(row.Values["fid"].Mean > 0) || row.Values["clip"].Known() {
			t.Errorf("%s: %d images, %v, want 8, an FID and no CLIP score", row.Name, row.Images, row.Values)
		}
	}
	if floor, drawn := table.Reference("real against real (floor)").Values["fid"].Mean, table.Rows[0].Values["fid"].Mean; !(floor < drawn) {
		t.Errorf("FID of real pictures = %g, want it below the %g of random networks", floor, drawn)
	}
	if len(table.Verdicts) > 0 || !strings.Contains(stdout, "features of efficientnet-lite0, SHA-256") {
		t.Errorf("verdicts = %v, want none without a CLIP score, and the judge in %s", table.Verdicts, stdout)
	}
	if again, _ := ofPublished(t, 0, append(args, "--axis", "disc-cond", "--cells", "text,both")...); strings.Contains(again, "engine:") || strings.Contains(again, "distill: step") {
		t.Errorf("a finished sweep works again: %s", again)
	}
}

// Cells that the teacher cannot have are named with the reason, and the others are kept.
func TestCellsOfAPublishedTeacher(t *testing.T) {
	args := append(published(t), "--dry-run")
	for _, test := range []struct {
		axis           string
		there, leftOut []string
	}{
		{"method", []string{"method/lcm, ", "method/regression, ", "method/dmd2, ", "method/ladd-4, ", "method/ufogen, "}, nil},
		{"disc-features", []string{"disc-features/teacher, "}, []string{`cell vit-s-dino2: features_net = "features-dino2-s", want --other-features dino2-s=FILE beside it`}},
		{"student-init", []string{"student-init/random, "}, nil},
		{"loss,student-arch", []string{"loss/adv, "}, []string{"student-arch: only cell unet is left"}},
		{"loss,teacher", []string{"loss/both-nfsd, "}, []string{"teacher, cell s-from-l: ", "a latent model has no others"}},
	} {
		stdout, stderr := ofPublished(t, 0, append(args, "--axis", test.axis)...)
		for text, wants := range map[string][]string{stdout: test.there, stderr: test.leftOut} {
			for _, want := range wants {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %q, want %q", test.axis, text, want)
				}
			}
		}
	}
}

// Further networks to see through are cells, and named in what a task of Slurm does.
func TestOtherFeaturesAreCells(t *testing.T) {
	args := append(published(t), "--axis", "disc-features", "--dry-run")
	with := append(args, "--other-features", "efficientnet-lite0="+args[1]) // any file: nothing is trained
	stdout, stderr := ofPublished(t, 0, with...)
	if !strings.Contains(stdout, "disc-features/efficientnet-lite0, ") || strings.Contains(stderr, "cell efficientnet-lite0") {
		t.Errorf("stdout = %s, stderr = %s, want the cell", stdout, stderr)
	}
	if stdout, _ := ofPublished(t, 0, append(with, "--slurm", "2")...); !strings.Contains(stdout, "--other-features=efficientnet-lite0=") {
		t.Errorf("stdout = %s, want the network in the tasks' command", stdout)
	}
	for want, other := range map[string]string{
		`other-features = "resnet=x", want NAME=FILE,… with names among ["clip-l"`: "resnet=x",
		`other-features = "dino-s=x,dino-s=y", want dino-s once`:                   "dino-s=x,dino-s=y",
		`other-features = "dino-s", want dino-s=FILE, a file of its weights`:       "dino-s",
		"size = 16, want at least the 224 of the features-clip-l":                  "clip-l=" + args[1],
	} {
		if _, stderr := ofPublished(t, 1, append(args, "--other-features", other)...); !strings.Contains(stderr, want) {
			t.Errorf("%s: stderr = %q, want %q", other, stderr, want)
		}
	}
}

// One cell alone is measured too, and its config is the one that is run.
func TestOneCellOfAPublishedTeacher(t *testing.T) {
	args := append(published(t), "--axis", "method", "--cells", "f-distill")
	if stdout, _ := ofPublished(t, 0, append(args, "--dry-run")...); !strings.Contains(stdout, "method/f-distill, ") {
		t.Errorf("stdout = %s, want the cell", stdout)
	}
	if stdout, _ := ofPublished(t, 0, append(args, "--print-config")...); !strings.Contains(stdout, `"distill_pixels": false`) || !strings.Contains(stdout, `"teacher_guidance": 7.5`) {
		t.Errorf("stdout = %s, want the cell as it is adapted to the teacher", stdout)
	}
}

// A network of EDM has no encoder for heads: cells that ask for one are left out before anything is trained.
func TestCellsOfEDM(t *testing.T) {
	data := t.TempDir()
	var lines strings.Builder
	for i := range 200 {
		name := fmt.Sprintf("%03d.png", i)
		f, err := os.Create(filepath.Join(data, name))
		if err == nil {
			img := image.NewRGBA(image.Rect(0, 0, 8, 8))
			img.Set(i%8, i/8%8, color.RGBA{uint8(i), 255, 0, 255})
			err = errors.Join(png.Encode(f, img), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&lines, "{\"file_name\": %q, \"text\": \"%d\"}\n", name, i%10)
	}
	if err := os.WriteFile(filepath.Join(data, "metadata.jsonl"), []byte(lines.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	args := append(tinybundle.Features(t), "--teacher", tinyedm.File(t), "--data", data, "--out", t.TempDir(), "--dry-run", "--axis", "method")
	stdout, stderr := ofPublished(t, 0, args...)
	if !strings.Contains(stdout, "method/lcm, ") || !strings.Contains(stderr, "method, cell ladd: ") || !strings.Contains(stderr, "want a teacher with an encoder") {
		t.Errorf("stdout = %s, stderr = %s, want lcm there and ladd left out", stdout, stderr)
	}
}

// Cells of a published teacher follow it at its own guidance, and take distances between latents where their methods do.
func TestCellsAreAdapted(t *testing.T) {
	base, err := distill.LatentConfig("add")
	if err != nil {
		t.Fatal(err)
	}
	base.TeacherGuidance = 7.5 // which cells set as well
	lcm, err := ablations.Method.Only([]string{"lcm"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg := adapted(lcm.Cells[0], 5).Config(base); cfg.TeacherGuidance != 5 {
		t.Errorf("lcm: teacher_guidance = %g, want the teacher's, 5", cfg.TeacherGuidance)
	}
	base.TeacherGuidance = 0
	for _, c := range ablations.Method.Cells {
		cfg := adapted(c, 5).Config(base)
		if named := cfg.Method != nil || cfg.Consistency != nil; cfg.DistillPixels == named {
			t.Errorf("%s: distill_pixels = %t with a method of its own: %t", c.Name, cfg.DistillPixels, named)
		}
		if cfg.TeacherGuidance != 0 && cfg.TeacherGuidance != 5 {
			t.Errorf("%s: teacher_guidance = %g, want 5 or none", c.Name, cfg.TeacherGuidance)
		}
	}
}

// Weights of another file give other numbers: another measurement. A task of Slurm gets them as they were typed.
func TestWeightsBelongToAMeasurement(t *testing.T) {
	args := published(t)
	measurements := func(weights string) string {
		stdout, _ := ofPublished(t, 0, append(args, "--dry-run", "--cells", "text,both", "--weights", "efficientnet-lite0="+weights)...)
		return stdout
	}
	one, other := args[1], filepath.Join(t.TempDir(), "other.safetensors") // any files: nothing is drawn
	if err := os.WriteFile(other, []byte("other"), 0o666); err != nil {
		t.Fatal(err)
	}
	if measurements(one) == measurements(other) {
		t.Error("other weights of the extractor are the same measurement")
	}
	if _, stderr := ofPublished(t, 1, append(args, "--dry-run", "--weights", "efficientnet-lite0="+t.TempDir())...); !strings.Contains(stderr, "--weights efficientnet-lite0=FILE names them") {
		t.Errorf("stderr = %q, want the flag that names weights", stderr)
	}
	stdout, _ := ofPublished(t, 0, append(args, "--dry-run", "--slurm", "2", "--weights", "efficientnet-lite0="+one)...)
	if !strings.Contains(stdout, "--weights=efficientnet-lite0="+one) {
		t.Errorf("stdout = %s, want the weights in the tasks' command", stdout)
	}
}

// What a sweep takes is told before anything starts; --timed takes steps of it.
func TestAPlanCountsTrainings(t *testing.T) {
	args := published(t)
	folder := args[5]
	stdout, _ := ofPublished(t, 0, "--teacher", folder, "--plan", "--axis", "disc-cond,loss", "--seeds", "4")
	if !strings.Contains(stdout, "  teacher, frozen, ") || !strings.Contains(stdout, "the sweep: 32 trainings") {
		t.Errorf("stdout = %s, want the parts, and 4 seeds of 4 + 5 − 1 cells", stdout)
	}
	stdout, _ = ofPublished(t, 0, "--teacher", folder, "--plan", "--axis", "disc-features", "--other-features", "efficientnet-lite0")
	if !strings.Contains(stdout, "the sweep: 4 trainings") {
		t.Errorf("stdout = %s, want the default cell, the teacher's features, EfficientNet's and those beside the default's", stdout)
	}
	if stdout, _ = ofPublished(t, 0, "--teacher", tinyedm.File(t), "--plan", "--axis", "disc-cond"); !strings.Contains(stdout, "the sweep: 4 trainings") {
		t.Errorf("stdout = %s, want EDM's network as a teacher", stdout)
	}
	stdout, _ = ofPublished(t, 0, append(args, "--plan", "--compiled")...)
	if !strings.Contains(stdout, "the sweep: ") || !strings.Contains(stdout, "activations: not known, as only XLA tells ") {
		t.Errorf("stdout = %s, want that the engine does not tell", stdout)
	}
	stdout, _ = ofPublished(t, 0, append(args, "--plan", "--timed", "1")...)
	if !strings.Contains(stdout, "a step after it") {
		t.Errorf("stdout = %s, want the time of a step", stdout)
	}
}

func TestFlagsOfAPublishedTeacherAreChecked(t *testing.T) {
	flags := published(t)
	without := func(name string) (kept []string) {
		for i := 0; i < len(flags); i += 2 {
			if flags[i] != name {
				kept = append(kept, flags[i:i+2]...)
			}
		}
		return kept
	}
	with := func(more ...string) []string { return append(without(""), more...) }
	for want, args := range map[string][]string{
		"extractor has no effect on the built-in networks": {"--extractor", "inception"},
		`scale = "paper", want --teacher beside it`:        {"--scale", "paper"},
		"data is missing":                                              without("--data"),
		"features is missing":                                          without("--features"),
		`scale = "cpu", want "paper" with --teacher`:                   with("--scale", "cpu"),
		"want them without --teacher":                                  with("--pretrained", "x"),
		`--extractor: extractor = "nope"`:                              with("--extractor", "nope"),
		`extractor = "scenes", which knows the drawings of a built-in`: with("--extractor", "scenes"),
		`clip = "inception" reads no captions`:                         with("--clip", "inception"),
		"weights = inception=…, want those of --extractor":             with("--weights", "inception="+flags[1]),
		"want KIND=FILE":                                               with("--weights", "x"),
		"timed = 3, want ≥ 1, with --plan":                             with("--timed", "3"),
		"compiled says what a plan prints, want --plan":                with("--compiled"),
		"no cells are left for this teacher":                           with("--axis", "student-arch", "--dry-run"),
		"images = 1, want at least 8":                                  append(without("--images"), "--images", "1"),
	} {
		if _, stderr := ofPublished(t, 1, args...); !strings.Contains(stderr, want) {
			t.Errorf("%q: stderr = %q, want %q", args, stderr, want)
		}
	}
}
