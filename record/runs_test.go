package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func openRuns(t *testing.T, dir string) *Runs {
	t.Helper()
	runs, err := OpenRuns(dir)
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// finish makes a run of a config with lines and a picture.
func finish(t *testing.T, dir string, config any, result any) *Run {
	t.Helper()
	env := Environment{Engine: "fake", Commit: "0123abc"}
	run, err := TryOpen(dir, config, env)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := run.Lines("metrics.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= 4; step++ {
		fields := map[string]any{"loss": Number(1 / float64(step)), "warnings": []string{"weak"}}
		if step == 3 {
			fields = map[string]any{"loss": Number(math.NaN())}
		}
		if err := lines.Append(step, fields); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(run.Dir(), "pictures.png"), "\x89PNG\n\x00")
	write(t, filepath.Join(run.Dir(), "samples.png"), "for people")
	if err := run.Finish(result); err != nil {
		t.Fatal(err)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	return run
}

// Whoever reads a run sees the same in its folder and in a pack.
func TestAPackReadsAsTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	for seed := range int64(3) {
		finish(t, dir, tinyConfig{Name: "<a>", Seed: seed}, map[string]float64{"fid": 20.6})
	}
	second := Environment{Engine: "fake", Commit: "4567def"}
	hash := mustHash(t, tinyConfig{Name: "<a>", Seed: 1})
	if err := WriteJSON(filepath.Join(dir, hash, "env-2.json"), second); err != nil {
		t.Fatal(err)
	}
	read := func() (text string) {
		all, err := openRuns(t, dir).All()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			var config tinyConfig
			var result map[string]float64
			curves, err := s.Curves("metrics.jsonl")
			picture, pictureErr := s.File("pictures.png")
			if err := errors.Join(s.Config(&config), s.Result(&result), err, pictureErr); err != nil {
				t.Fatal(err)
			}
			found, ok, err := Find(config, openRuns(t, dir))
			if !ok || err != nil || found.Hash != s.Hash {
				t.Errorf("Find: %s, %t, %v, want %s", found.Hash, ok, err, s.Hash)
			}
			text += fmt.Sprintf("%s %v %v %v %v %v %q\n", s.Hash, s.Finished(), config, result, s.Environments(), curves, picture)
		}
		return text
	}
	want := read()
	path, n, err := Pack(dir, "pictures.png")
	if err != nil || n != 3 || path != dir+".jsonl" {
		t.Fatalf("Pack: %q, %d, %v, want 3 runs in %s", path, n, err, dir+".jsonl")
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(first, []byte("\n")) != 3 || bytes.Contains(first, []byte("for people")) {
		t.Errorf("the pack holds %s, want 3 lines and no other files", first)
	}
	if diff := cmp.Diff(want, read()); diff != "" {
		t.Errorf("beside the pack (-want +got)\n%s", diff)
	}
	if err := os.RemoveAll(filepath.Join(dir, hash)); err != nil { // one more in the pack than in the folder
		t.Fatal(err)
	}
	for _, which := range []string{"some", "none"} {
		if diff := cmp.Diff(want, read()); diff != "" {
			t.Errorf("%s still unpacked (-want +got)\n%s", which, diff)
		}
		if _, _, err := Pack(dir, "pictures.png"); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(path); err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s still unpacked: the pack has other bytes (%v)", which, err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	s, err := At(filepath.Join(dir, hash))
	if err != nil || s.Dir() != "" || !strings.Contains(s.String(), "runs.jsonl:") {
		t.Errorf("At: %s, folder %q, %v, want a line of the pack", s, s.Dir(), err)
	}
	if _, err := s.File("samples.png"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that was not packed: %v, want %v", err, fs.ErrNotExist)
	}
	if _, err := At(filepath.Join(dir, "0123")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such run: %v, want %v", err, fs.ErrNotExist)
	}
}

// A run in several places is read where it is finished.
func TestFindPrefersAFinishedRun(t *testing.T) {
	begun, done, packed := t.TempDir(), t.TempDir(), t.TempDir()
	for _, root := range []string{begun, packed} {
		if _, err := TryOpen(root, tinyConfig{}, Environment{}); err != nil {
			t.Fatal(err)
		}
	}
	run := finish(t, done, tinyConfig{}, 7)
	if path, _, err := Pack(done); err != nil || os.Rename(path, packed+".jsonl") != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		reason string
		roots  []*Runs
		dir    string
		found  bool
	}{
		{"finished in a later place", []*Runs{openRuns(t, begun), openRuns(t, done)}, run.Dir(), true},
		{"begun in the folder, finished in its pack", []*Runs{openRuns(t, packed)}, "", true},
		{"only begun", []*Runs{openRuns(t, begun)}, "", false},
		{"nowhere", []*Runs{openRuns(t, filepath.Join(begun, "no", "such", "root"))}, "", false},
	} {
		s, found, err := Find(tinyConfig{}, c.roots...)
		if s.Dir() != c.dir || found != c.found || err != nil {
			t.Errorf("%s: got %q, %v, %v", c.reason, s.Dir(), found, err)
		}
		var result int
		if found && (s.Result(&result) != nil || result != 7) {
			t.Errorf("%s: result = %d, want 7", c.reason, result)
		}
	}
	if s, ok := openRuns(t, packed).Lookup(filepath.Base(run.Dir())); !ok || !s.Finished() {
		t.Errorf("Lookup: %s, finished %t, want the line of the pack", s, s.Finished())
	}
	if s, ok := openRuns(t, begun).Lookup(filepath.Base(run.Dir())); !ok || s.Finished() {
		t.Errorf("Lookup: %s, finished %t, want the run that has only begun", s, s.Finished())
	}
}

// A pack with a damaged line is refused by file and line.
func TestDamagedPacksAreRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	finish(t, dir, tinyConfig{}, 7)
	path, _, err := Pack(dir)
	if err != nil {
		t.Fatal(err)
	}
	good := read(t, path)
	hash := mustHash(t, tinyConfig{})
	for _, c := range []struct{ why, text, want string }{
		{"cut off", good + good[:20], ":2: the line has no end, want a whole line"},
		{"no line end", strings.TrimSuffix(good, "\n"), ":1: the line has no end"},
		{"an empty line", good + "\n", ":2: "},
		{"twice", good + good, ":2: run " + hash + " is there twice"},
		{"another config", strings.Replace(good, `"seed":0`, `"seed":1`, 1), `:1: run = "` + hash + `", want ` + mustHash(t, tinyConfig{Seed: 1}) + ", the hash of its config"},
		{"no result", strings.Replace(good, `"result":7`, `"results":7`, 1), `:1: run "` + hash + `" lacks one of config, envs and result`},
	} {
		write(t, path, c.text)
		if _, err := OpenRuns(dir); err == nil || !strings.Contains(err.Error(), path+c.want) {
			t.Errorf("%s: error %v, want %q in it", c.why, err, path+c.want)
		}
	}
}

// Brackets in the name of a folder are no pattern.
func TestPacksHoldCurvesWhateverTheirFolderIsCalled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]", "runs")
	finish(t, dir, tinyConfig{}, 7)
	path, _, err := Pack(dir)
	if err != nil {
		t.Fatal(err)
	}
	if text := read(t, path); !strings.Contains(text, "metrics.jsonl") {
		t.Errorf("no curves in %s", text)
	}
}

// Runs that are not finished or damaged are named, and no pack is written.
func TestPackRefusesUnfinishedAndDamagedRuns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	finish(t, dir, tinyConfig{}, 7)
	begun, err := TryOpen(dir, tinyConfig{Seed: 1}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	begun.Close()
	damaged := finish(t, dir, tinyConfig{Seed: 2}, 7)
	write(t, filepath.Join(damaged.Dir(), "metrics.jsonl"), "{\n")
	moved := filepath.Join(dir, "0123456789ab")
	if err := os.Rename(finish(t, dir, tinyConfig{Seed: 3}, 7).Dir(), moved); err != nil {
		t.Fatal(err)
	}
	_, _, err = Pack(dir)
	for _, want := range []string{filepath.Base(begun.Dir()) + ": ", "result.json: no such file", filepath.Base(damaged.Dir()) + ": metrics.jsonl:1: ", `run = "0123456789ab", want ` + mustHash(t, tinyConfig{Seed: 3})} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	if _, err := os.Stat(dir + ".jsonl"); err == nil {
		t.Error("a pack was written")
	}
	if _, _, err := Pack(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "no runs there") {
		t.Errorf("an empty folder: error %v, want that there are no runs", err)
	}
}

// Neighbouring lines become one: the last step, the mean of numbers, and all different texts.
func TestLongCurvesAreThinned(t *testing.T) {
	var text strings.Builder
	for step := 1; step <= 2*mostLines-1; step++ {
		fmt.Fprintf(&text, `{"step":%d,"loss":%d,"warnings":["w%d","same"]`, step, step, step%2)
		if step == 4 {
			text.WriteString(`,"grad":"NaN"`)
		}
		text.WriteString("}\n")
	}
	folded, err := fold([]byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	thin, err := unfold(folded)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := parseLines[json.RawMessage](thin)
	if err != nil || len(lines) != mostLines {
		t.Fatalf("%d lines (%v), want %d", len(lines), err, mostLines)
	}
	for i, want := range map[int]string{
		0:             `{"step":2,"loss":1.5,"warnings":["w1","same","w0"]}`,
		1:             `{"step":4,"grad":"NaN","loss":3.5,"warnings":["w1","same","w0"]}`,
		mostLines - 1: `{"step":159,"loss":159,"warnings":["w1","same"]}`,
	} {
		if string(lines[i]) != want {
			t.Errorf("line %d = %s, want %s", i, lines[i], want)
		}
	}
}
