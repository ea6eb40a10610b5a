package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/atomicfile"
)

// programVariable makes this test program, and those that it starts, the program itself.
const programVariable = "ADDLAB_TEST_ABLATE"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	rc := m.Run()
	os.RemoveAll(undisturbedFolder)
	os.Exit(rc)
}

var undisturbedFolder string

// undisturbed fills undisturbedFolder with a sweep that nothing disturbs, which several tests compare with, and tells how long it took.
var undisturbed = sync.OnceValues(func() (took time.Duration, err error) {
	if undisturbedFolder, err = os.MkdirTemp("", "undisturbed"); err != nil {
		return 0, err
	}
	began := time.Now()
	cmd, said := process(smallest(undisturbedFolder)...)
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, said)
	}
	return time.Since(began), nil
})

// toyNetworks is the bundle that the undisturbed sweep trained.
func toyNetworks(t *testing.T) string {
	t.Helper()
	if _, err := undisturbed(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(undisturbedFolder, "pretrained", "scenes-smoke")
}

// The real program, networks and all, killed at checkpoints and at random moments of pretraining, training and measuring, ends with the same tables,
// pictures and students. ADDLAB_TEST_KILLS asks for more kills; tables name the commit, which must stay the same meanwhile. Package
// sweep does the same without networks.
func TestKilledProgramEndsWithTheSameBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	kills := 3
	if asked := os.Getenv("ADDLAB_TEST_KILLS"); asked != "" {
		var err error
		if kills, err = strconv.Atoi(asked); err != nil {
			t.Fatalf("ADDLAB_TEST_KILLS: %v", err)
		}
	}
	whole, err := undisturbed()
	if err != nil {
		t.Fatal(err)
	}
	want, killed := shown(t, undisturbedFolder), t.TempDir()

	r := rand.New(rand.NewPCG(2, uint64(kills)))
	resumed := 0
	for done := 0; ; {
		cmd, said := process(smallest(killed)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		switch {
		case done < kills && done%2 == 0: // in a training that can be resumed
			go killAtCheckpoint(cmd.Process, filepath.Join(killed, []string{"pretrain", "runs"}[done/2%2]), over)
		case done < kills:
			time.AfterFunc(time.Duration(r.Float64()*float64(whole)/float64(kills/2+1)), func() { cmd.Process.Kill() })
		}
		err := cmd.Wait()
		close(over)
		resumed += strings.Count(said.String(), "resumes after step")
		if err == nil {
			t.Logf("%d kills, %d trainings resumed, %v undisturbed", done, resumed, whole)
			break
		}
		if done++; done > kills {
			t.Fatalf("%v: %s", err, said)
		}
	}
	if resumed == 0 {
		t.Error("no training was resumed")
	}
	if diff := cmp.Diff(want, shown(t, killed)); diff != "" {
		t.Errorf("(-undisturbed +killed)\n%s", diff)
	}
}

// killAtCheckpoint kills a process when a run has a checkpoint that it lacked, unless it is over before.
func killAtCheckpoint(p *os.Process, runs string, over <-chan struct{}) {
	checkpoints := func() []string {
		found, _ := filepath.Glob(filepath.Join(runs, "*", "checkpoints", "*[0-9]"))
		return found
	}
	for old := checkpoints(); ; {
		for _, path := range checkpoints() {
			if !slices.Contains(old, path) {
				p.Kill()
				return
			}
		}
		select {
		case <-over:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// smallest are the arguments of a sweep that is over soon.
func smallest(out string) []string {
	return []string{"--axis", "augment", "--scale", "smoke", "--engine", "go", "--steps", "3", "--images", "16", "--out", out, "--reference", out}
}

// process is the program with these arguments, and what it will say.
func process(args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd, said := exec.Command(os.Args[0], args...), &bytes.Buffer{}
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), programVariable+"=1"), said, said
	return cmd, said
}

// shown reads what a sweep leaves: tables, pictures, curves, and the hashes of the students.
func shown(t *testing.T, root string) map[string]string {
	t.Helper()
	return filesOf(t, root, 15, "augment/table.*", "augment/bench.txt", "augment/*.png", "runs/*/*.jsonl", "runs/*/config.json", "runs/*/result.json")
}

var times = regexp.MustCompile(`"(seconds|ms_per_image)": [^,\n]*,?`)

// filesOf reads the files below root that match the patterns, by name, without the times in result.json, which differ from run to run. Of pictures it gives the
// hash, since a difference of bytes says nothing to people. Fewer than least files are a failure.
func filesOf(t *testing.T, root string, least int, patterns ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if atomicfile.IsTemporary(path) { // of a killed process
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(path) == ".png" {
				text = fmt.Appendf(nil, "%x", sha256.Sum256(text))
			}
			if filepath.Base(path) == "result.json" {
				text = times.ReplaceAll(text, nil)
			}
			name, _ := filepath.Rel(root, path)
			files[name] = string(text)
		}
	}
	if len(files) < least {
		t.Fatalf("%d files, want tables and runs: %d at least", len(files), least)
	}
	return files
}
