package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion"
)

// The calls that the help shows are understood, down to the names of their cells.
func TestHelpShowsCallsThatWork(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^  go run ./experiments/ablate ((?:--?\S+(?: [^\s-]\S*)?(?: |$))+)`).FindAllStringSubmatch(usage, -1)
	if len(lines) < 8 {
		t.Fatalf("%d calls in the help, want more", len(lines))
	}
	for _, line := range lines {
		var o options
		args := strings.Fields(line[1])
		err := o.parse(flag.NewFlagSet("ablate", flag.ContinueOnError), args)
		if err != nil && o.processes <= runtime.NumCPU() {
			t.Errorf("%q: %v", args, err)
		}
		if _, err := o.axes(); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// Tables of different data do not overwrite each other, unless a folder is named.
func TestFoldersOfOtherData(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("r", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why            string
		args           []string
		out, reference string
	}{
		{"the world itself", nil, "results", "results/reference"},
		{"the other world", []string{"--data", "scenes-free"}, "results/data/scenes-free", "results/reference/data/scenes-free"},
		{"a folder of pictures", []string{"--data", "my/photos/"}, "results/data/photos", "results/reference/data/photos"},
		{"a folder that is called as the world", []string{"--data", "my/scenes"}, "results/data/scenes", "results/reference/data/scenes"},
		{"named folders", []string{"--data", "scenes-free", "--out", "o", "--reference", "r"}, "o", "r"},
	} {
		var o options
		if err := o.parse(flag.NewFlagSet("ablate", flag.ContinueOnError), c.args); err != nil {
			t.Errorf("%s: %v", c.why, err)
		}
		if o.out != filepath.FromSlash(c.out) || o.reference != filepath.FromSlash(c.reference) {
			t.Errorf("%s: out = %s, reference = %s, want %s and %s", c.why, o.out, o.reference, c.out, c.reference)
		}
	}
}

// Samplers of the teacher reach the axes that measure it at few steps; where none does the flag would do nothing.
func TestSamplersOfTheTeacher(t *testing.T) {
	axes := func(args ...string) ([]ablations.Axis, error) {
		var o options
		if err := o.parse(flag.NewFlagSet("ablate", flag.ContinueOnError), args); err != nil {
			t.Fatal(err)
		}
		return o.axes()
	}
	got, err := axes("--axis", "loss,student-steps", "--sampler", "dpmpp2m,unipc")
	if err != nil || len(got) != 2 {
		t.Fatalf("%d axes, %v", len(got), err)
	}
	if diff := cmp.Diff([]diffusion.Sampler{diffusion.DPMSolverPP2M{}, diffusion.UniPC{}}, got[1].Solvers); diff != "" {
		t.Errorf("solvers of student-steps (-want +got)\n%s", diff)
	}
	for want, args := range map[string][]string{
		"--sampler has no effect: --axis loss does not measure": {"--axis", "loss", "--sampler", "unipc"},
		`sampler = "midpoint", want one of ddim`:                {"--axis", "student-steps", "--sampler", "midpoint"},
	} {
		if _, err := axes(args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", args, err, want)
		}
	}
}

// An engine that has fewer devices is refused before anything is trained.
func TestAnEngineHasTheDevices(t *testing.T) {
	l := lazyEngine{choice: "go", devices: 2, out: io.Discard, stderr: io.Discard}
	defer l.close()
	if _, err := l.open(t.Context()); err == nil || err.Error() != "devices = 2, want at most 1, all that engine go has here" {
		t.Errorf("error = %v", err)
	}
}
