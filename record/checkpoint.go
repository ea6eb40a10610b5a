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
	if step < 0 {
		return fmt.Errorf("record: checkpoint: step = %d, want ≥ 0", step)
	}
	if step == r.saved {
		return nil
	}
	if step < r.saved {
		return fmt.Errorf("record: checkpoint: step = %d, want > %d, the step of the latest", step, r.saved)
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

// fill writes a checkpoint's files and its manifest, and puts all of them on the disk.
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
	for _, step := range slices.Backward(r.checkpoints()) {
		if dir := r.checkpointDir(step); whole(dir) {
			return step, dir, true
		}
	}
	return 0, "", false
}

func (r *Run) dropCheckpoints() error {
	return os.RemoveAll(filepath.Join(r.dir, checkpointsDir))
}

func (r *Run) checkpointDir(step int) string {
	return filepath.Join(r.dir, checkpointsDir, strconv.Itoa(step))
}

// checkpoints lists the steps of the folders that a rename has made final, in order.
func (r *Run) checkpoints() (steps []int) {
	entries, _ := os.ReadDir(filepath.Join(r.dir, checkpointsDir))
	for _, e := range entries {
		if step, err := strconv.Atoi(e.Name()); err == nil {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	return steps
}

// whole reports whether a checkpoint has all files of its manifest at their full size.
func whole(dir string) bool {
	var sizes map[string]int64
	if err := ReadJSON(filepath.Join(dir, manifestFile), &sizes); err != nil {
		return false
	}
	for name, size := range sizes {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || info.Size() != size {
			return false
		}
	}
	return true
}

// sweepCheckpoints removes all but the last whole checkpoints: older, damaged and half written ones.
func (r *Run) sweepCheckpoints() error {
	kept := map[string]bool{}
	for _, step := range slices.Backward(r.checkpoints()) {
		if dir := r.checkpointDir(step); len(kept) < keep && whole(dir) {
			kept[filepath.Base(dir)] = true
		}
	}
	parent := filepath.Join(r.dir, checkpointsDir)
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if !kept[e.Name()] {
			err = errors.Join(err, os.RemoveAll(filepath.Join(parent, e.Name())))
		}
	}
	return err
}
