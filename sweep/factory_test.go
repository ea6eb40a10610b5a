package sweep

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/record"
)

// factory is a laboratory whose trainings take their time, write lines and checkpoints and go on from them. One cell diverges.
type factory struct {
	laboratory
	root string
}

const factorySteps = 6

func (f *factory) Train(_ context.Context, cfg distill.Config, run *record.Run) error {
	first, state := 0, 0
	if step, dir, ok := run.LatestCheckpoint(); ok {
		first = step
		if err := record.ReadJSON(filepath.Join(dir, "state.json"), &state); err != nil {
			return err
		}
	}
	lines, err := run.Lines("metrics.jsonl")
	if err != nil {
		return err
	}
	for step := first + 1; step <= factorySteps; step++ {
		time.Sleep(time.Millisecond)
		state = (state*31 + step*int(cfg.Seed)) % 1009
		if err := lines.Append(step, map[string]float64{"loss": float64(state)}); err != nil {
			return err
		}
		if cfg.Init == distill.Random && step == 4 {
			return fmt.Errorf("%w at step %d", distill.ErrDiverged, step)
		}
		if step%2 == 0 {
			if err := run.SaveCheckpoint(step, func(dir string) error { return record.WriteJSON(filepath.Join(dir, "state.json"), state) }); err != nil {
				return err
			}
		}
	}
	student := fmt.Sprintf("student %d of λ = %g", state, cfg.Lambda)
	if err := record.WriteFile(filepath.Join(run.Dir(), distill.StudentFile), []byte(student)); err != nil {
		return err
	}
	return f.note("trained " + filepath.Base(run.Dir()))
}

func (f *factory) Evaluate(ctx context.Context, e Evaluation, student string) (func() (protocol.Metrics, error), Pictures, error) {
	time.Sleep(2 * time.Millisecond)
	metrics, p, err := f.laboratory.Evaluate(ctx, e, student)
	if err != nil {
		return nil, p, err
	}
	return func() (protocol.Metrics, error) {
		time.Sleep(2 * time.Millisecond)
		m, err := metrics()
		if err != nil {
			return m, err
		}
		if student != "" {
			b, err := os.ReadFile(student)
			if err != nil {
				return m, err
			}
			for _, c := range b { // the score depends on what was trained
				m.FID += float64(c) / 1000
			}
			m.MillisPerImage = rand.Float64()
		}
		hash, err := record.Hash(e)
		if err != nil {
			return m, err
		}
		return m, f.note("evaluated " + hash)
	}, p, nil
}

// note keeps what this process has done.
func (f *factory) note(what string) error {
	log, err := os.OpenFile(filepath.Join(f.root, "done.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = fmt.Fprintf(log, "%s %d\n", what, os.Getpid())
	return err
}

// sweep runs two axes at two seeds as the program does.
func sweep(ctx context.Context, root string) error {
	axes := []ablations.Axis{ablations.StudentInit, ablations.Augment}
	p, err := testPlan(axes, 1, 2)
	if err != nil {
		return err
	}
	f := &factory{root: root}
	o := Sweep{
		Plan: p, Runs: openRuns(root), Worker: f, Out: io.Discard,
		Completed: func(axis ablations.Axis, results Results) (string, error) {
			_, err := p.Write(filepath.Join(root, axis.Name), axis, results)
			return axis.Name, err
		},
	}
	results, err := o.Run(ctx)
	if err != nil {
		return err
	}
	for _, axis := range axes {
		if _, err := p.Write(filepath.Join(root, axis.Name), axis, results); err != nil {
			return err
		}
	}
	return nil
}

// process starts a sweep in a process of its own.
func process(t *testing.T, root string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd, said := exec.Command(os.Args[0]), &bytes.Buffer{}
	cmd.Env, cmd.Stderr = append(os.Environ(), sweepVariable+"="+root), said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, said
}

// shown reads all that a sweep shows: its tables, pictures and curves.
func shown(t *testing.T, root string) map[string]string {
	t.Helper()
	return filesOf(t, root, 20, "*/table.*", "*/bench.txt", "*/*.png", "runs/*/metrics.jsonl", "runs/*/config.json")
}

// filesOf reads the files below root that match the patterns, by name. Of pictures it gives the
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
			name, _ := filepath.Rel(root, path)
			files[name] = string(text)
		}
	}
	if len(files) < least {
		t.Fatalf("%d files, want tables and runs: %d at least", len(files), least)
	}
	return files
}

// undisturbed is the folder of a sweep that nothing interrupted.
func undisturbed(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	cmd, said := process(t, root)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return root
}
