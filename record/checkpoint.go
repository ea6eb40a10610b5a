package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/addlab/addlab/internal/atomicfile"
)

// keep is the number of checkpoints that are kept: the latest, and the one before it in case the latest is damaged.
const keep = 2

// manifestFile is written last into a checkpoint: the sizes of its files by name.
const manifestFile = "manifest.json"

// SaveCheckpoint lets write fill a folder with the whole state after step, and makes it the latest checkpoint by one
// rename: killed at any moment, the run has this checkpoint or the one before. A second checkpoint of the latest step,
// whose state is the same, does nothing.
func (r *Run) SaveCheckpoint(step int, write func(dir string) error) error {
	if err := r.writable(); err != nil {
		return err
	}
	switch {
	case step < 0 || step < r.saved:
		return fmt.Errorf("record: checkpoint: step = %d, want > %d, the step of the latest", step, r.saved)
	case step == r.saved:
		return nil
	}
	if err := r.syncLines(); err != nil {
		return err
	}
	final := r.checkpointDir(step)
	tmp := final + ".tmp"
	if err := r.fill(tmp, write); err != nil {
		return fmt.Errorf("record: checkpoint of step %d: %w", step, errors.Join(err, os.RemoveAll(tmp)))
	}
	// A damaged checkpoint of this step may exist.
	if err := os.RemoveAll(final); err != nil {
		return err
	}
	if err := os.Rename(tmp, final); err != nil {
		return err
	}
	if err := atomicfile.SyncDir(filepath.Dir(final)); err != nil {
		return err
	}
	r.saved = step
	return r.sweepCheckpoints()
}

func (r *Run) fill(dir string, write func(dir string) error) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := write(dir); err != nil {
		return err
	}
	sizes := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil {
			err = atomicfile.SyncDir(path) // of a file too
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		sizes[filepath.ToSlash(name)] = info.Size()
		return err
	})
	if err != nil {
		return err
	}
	return WriteJSON(filepath.Join(dir, manifestFile), sizes)
}

// LatestCheckpoint returns the last whole checkpoint; damaged ones are skipped.
func (r *Run) LatestCheckpoint() (step int, dir string, ok bool) {
	for _, step := range r.wholeCheckpoints() {
		return step, r.checkpointDir(step), true
	}
	return 0, "", false
}

func (r *Run) dropCheckpoints() error { return os.RemoveAll(filepath.Join(r.dir, checkpointsDir)) }

func (r *Run) checkpointDir(step int) string {
	return filepath.Join(r.dir, checkpointsDir, strconv.Itoa(step))
}

// wholeCheckpoints lists the steps of the last checkpoints that have all files of their manifest at full size, the latest first.
func (r *Run) wholeCheckpoints() (steps []int) {
	entries, _ := os.ReadDir(filepath.Join(r.dir, checkpointsDir))
	for _, e := range entries {
		if step, err := strconv.Atoi(e.Name()); err == nil && whole(r.checkpointDir(step)) {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	return steps[:min(keep, len(steps))]
}

func whole(dir string) bool {
	var sizes map[string]int64
	err := ReadJSON(filepath.Join(dir, manifestFile), &sizes)
	for name, size := range sizes {
		info, fault := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		if fault != nil || info.Size() != size {
			return false
		}
	}
	return err == nil
}

// sweepCheckpoints removes all but the last whole checkpoints: older, damaged and half written ones.
func (r *Run) sweepCheckpoints() error {
	parent, kept := filepath.Join(r.dir, checkpointsDir), r.wholeCheckpoints()
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if step, fault := strconv.Atoi(e.Name()); fault != nil || !slices.Contains(kept, step) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(parent, e.Name())))
		}
	}
	return err
}
