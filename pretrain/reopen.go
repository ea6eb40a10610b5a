package pretrain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/record"
)

// The files of a run that this package reads or removes by name.
const (
	resultFile = "result.json"
	envFile    = "env.json"
)

// openRun begins or resumes the run of a config in root, or finds it finished with its weights, which are the files. A run that is
// finished but lacks them begins again: a checkout of the repository has the results of runs, not their weights.
func openRun(ctx context.Context, root string, cfg PartConfig, env record.Environment, out io.Writer, files ...string) (*record.Run, error) {
	packed, err := record.OpenRuns(root)
	if err != nil {
		return nil, err
	}
	elsewhere, _, err := record.Find(cfg, packed)
	if err != nil {
		return nil, err
	}
	if elsewhere.Finished() && elsewhere.Dir() == "" {
		fmt.Fprintf(out, notHere, cfg.Part)
	}
	for {
		run, err := record.Open(ctx, root, cfg, env)
		if err != nil {
			return nil, err
		}
		if !run.Finished() {
			if err := renewEnvironment(run, env); err != nil {
				return nil, errors.Join(fmt.Errorf("pretrain: %w", err), run.Close())
			}
			return run, nil
		}
		if hasAll(run.Dir(), files) {
			return run, nil
		}
		fmt.Fprintf(out, notHere, cfg.Part)
		if err := run.Close(); err != nil {
			return nil, err
		}
		// Without its result the run counts as begun. Of several processes Open lets one train; the others wait.
		if err := forget(filepath.Join(run.Dir(), resultFile)); err != nil {
			return nil, err
		}
	}
}

const notHere = "%s: trained elsewhere, its weights are not here: training it again\n"

func hasAll(dir string, files []string) bool {
	for _, name := range files {
		if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// renewEnvironment makes env the only environment of a run that starts over.
func renewEnvironment(run *record.Run, env record.Environment) error {
	if _, _, ok := run.LatestCheckpoint(); ok {
		return nil
	}
	old, err := fs.Glob(os.DirFS(run.Dir()), "env*.json")
	if err != nil || len(old) < 2 { // the only one is this start's
		return err
	}
	for _, name := range old {
		if err := os.Remove(filepath.Join(run.Dir(), name)); err != nil {
			return err
		}
	}
	return record.WriteJSON(filepath.Join(run.Dir(), envFile), env)
}
