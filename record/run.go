package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/addlab/addlab/internal/atomicfile"
)

// The files of a run's folder.
const (
	configFile     = "config.json"
	envFile        = "env.json"
	resultFile     = "result.json"
	lockFile       = "lock"
	checkpointsDir = "checkpoints"
)

// Run is the folder of one config, held by this process until Close.
type Run struct {
	dir      string
	lock     *flock.Flock // nil once closed, and for a run that was finished before
	finished bool
	saved    int // step of the latest checkpoint, −1 where there is none
	lines    map[string]*Lines
}

// ErrHeld means that another process holds the run.
var ErrHeld = errors.New("held by another process")

// Open begins or resumes the run of config in root/<hash>, or finds it finished. While another process holds the
// run, Open says so once on standard error and waits, until ctx ends.
func Open(ctx context.Context, root string, config any, env Environment) (*Run, error) {
	return open(root, config, env, func(path string) (*flock.Flock, error) { return lock(ctx, path, os.Stderr) })
}

// TryOpen is Open without waiting: while another process holds the run it gives ErrHeld.
func TryOpen(root string, config any, env Environment) (*Run, error) {
	return open(root, config, env, func(path string) (*flock.Flock, error) {
		l, err := tryLock(path)
		if l == nil && err == nil {
			err = fmt.Errorf("record: %s: %w", waiting(path), ErrHeld)
		}
		return l, err
	})
}

func open(root string, config any, env Environment, lock func(path string) (*flock.Flock, error)) (*Run, error) {
	hash, err := Hash(config)
	if err != nil {
		return nil, err
	}
	r := &Run{dir: filepath.Join(root, hash), saved: -1, lines: map[string]*Lines{}}
	if r.finished, err = check(r.dir, config); err != nil {
		return nil, err
	}
	if r.finished {
		// A process killed while finishing left these. Removal may fail, as in a read-only folder: the result can still be read.
		r.dropCheckpoints()
		os.Remove(filepath.Join(r.dir, lockFile))
		return r, nil
	}
	if err := os.MkdirAll(r.dir, 0o777); err != nil {
		return nil, err
	}
	if r.lock, err = lock(filepath.Join(r.dir, lockFile)); err != nil {
		return nil, err
	}
	if err := r.begin(config, env); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// begin runs under the lock: the process before us may have finished the run, or died in the middle of a write.
func (r *Run) begin(config any, env Environment) (err error) {
	if r.finished, err = check(r.dir, config); err != nil {
		return err
	}
	if r.finished {
		return r.dropCheckpoints()
	}
	if err := r.sweep(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(r.dir, configFile)); errors.Is(err, fs.ErrNotExist) {
		if err := WriteJSON(filepath.Join(r.dir, configFile), config); err != nil {
			return err
		}
	}
	return r.writeEnvironment(env)
}

// sweep removes incomplete files of a killed process, and lines after its latest checkpoint.
func (r *Run) sweep() error {
	if err := errors.Join(atomicfile.RemoveStale(r.dir, 0), r.sweepCheckpoints()); err != nil {
		return err
	}
	if step, _, ok := r.LatestCheckpoint(); ok {
		r.saved = step
	}
	return r.cutLines()
}

// check reports whether dir holds a finished run, and refuses a folder of another config.
func check(dir string, config any) (finished bool, err error) {
	b, err := os.ReadFile(filepath.Join(dir, configFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	have, err := canonical(json.RawMessage(b))
	if err != nil {
		return false, fmt.Errorf("%w in %s", err, filepath.Join(dir, configFile))
	}
	want, err := canonical(config)
	if err != nil {
		return false, err
	}
	if !bytes.Equal(have, want) {
		return false, fmt.Errorf("record: %s belongs to another config than its name says (edited?)", filepath.Join(dir, configFile))
	}
	if _, err = os.Stat(filepath.Join(dir, resultFile)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Dir is the run's folder.
func (r *Run) Dir() string { return r.dir }

// Finished reports whether the run has its result; then nothing of it may be written.
func (r *Run) Finished() bool { return r.finished }

// Finish writes the result, which makes the run finished, and drops the checkpoints.
func (r *Run) Finish(result any) error {
	if err := r.writable(); err != nil {
		return err
	}
	if err := r.syncLines(); err != nil {
		return err
	}
	if err := WriteJSON(filepath.Join(r.dir, resultFile), result); err != nil {
		return err
	}
	r.finished = true
	return r.dropCheckpoints()
}

// Result reads the result of a finished run.
func (r *Run) Result(v any) error { return ReadJSON(filepath.Join(r.dir, resultFile), v) }

// Close releases the run; it may be called twice.
func (r *Run) Close() error {
	if r.lock == nil {
		return nil
	}
	var errs []error
	for _, l := range r.lines {
		errs = append(errs, l.file.Close())
	}
	// With a result nobody writes, so the lock file can be removed.
	if r.finished {
		if err := os.Remove(r.lock.Path()); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	errs = append(errs, r.lock.Close())
	r.lock = nil
	return errors.Join(errs...)
}

func (r *Run) writable() error {
	switch {
	case r.finished:
		return fmt.Errorf("record: %s is finished, nothing may be written any more", r.dir)
	case r.lock == nil:
		return fmt.Errorf("record: %s is closed", r.dir)
	}
	return nil
}
