package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Runs are the runs in a folder, such as results/runs, and in the pack beside it, results/runs.jsonl. They are only read.
type Runs struct {
	dir    string
	packed map[string]Saved
}

// Saved is a run on disk: a folder, or a line of a pack. Both have the same files.
type Saved struct {
	Hash  string  // of its config
	dir   string  // "" in a pack
	place string  // where it is, for people
	line  *packed // in a pack
}

func inFolder(dir string) Saved { return Saved{Hash: filepath.Base(dir), dir: dir, place: dir} }

const packExt = ".jsonl"

// OpenRuns reads the pack beside dir; neither of them need be there.
func OpenRuns(dir string) (*Runs, error) {
	dir = filepath.Clean(dir)
	packed, err := readPack(dir + packExt)
	return &Runs{dir: dir, packed: packed}, err
}

// At is the run in the folder dir, or that of this name in the pack beside the folder's parent.
func At(dir string) (Saved, error) {
	dir = filepath.Clean(dir)
	if _, err := os.Stat(filepath.Join(dir, configFile)); err == nil {
		return inFolder(dir), nil
	}
	runs, err := OpenRuns(filepath.Dir(dir))
	if err != nil {
		return Saved{}, err
	}
	s, ok := runs.packed[filepath.Base(dir)]
	if !ok {
		err = fmt.Errorf("record: no run %s in %s or %s: %w", filepath.Base(dir), runs.dir, runs.dir+packExt, fs.ErrNotExist)
	}
	return s, err
}

// Dir is the folder, where new runs go.
func (r *Runs) Dir() string { return r.dir }

// Find looks for the finished run of config, in several places one after the other. It locks nothing.
func Find(config any, among ...*Runs) (s Saved, found bool, err error) {
	hash, err := Hash(config)
	if err != nil {
		return Saved{}, false, err
	}
	for _, r := range among {
		dir := filepath.Join(r.dir, hash)
		finished, err := check(dir, config)
		if err != nil {
			return Saved{}, false, err
		}
		if finished {
			return inFolder(dir), true, nil
		}
		if s, ok := r.packed[hash]; ok {
			return s, true, nil
		}
	}
	return Saved{}, false, nil
}

// Lookup is the run of this hash, finished or not. A folder comes before the pack, unless only the latter is finished.
func (r *Runs) Lookup(hash string) (s Saved, ok bool) {
	dir := filepath.Join(r.dir, hash)
	s, ok = r.packed[hash]
	if _, err := os.Stat(filepath.Join(dir, configFile)); err != nil {
		return s, ok
	}
	if own := inFolder(dir); !ok || own.Finished() {
		return own, true
	}
	return s, true
}

// All lists the runs by their hash, also those that have only begun.
func (r *Runs) All() (all []Saved, err error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	hashes := slices.Collect(maps.Keys(r.packed))
	for _, e := range entries {
		hashes = append(hashes, e.Name())
	}
	slices.Sort(hashes)
	for _, hash := range slices.Compact(hashes) {
		if s, ok := r.Lookup(hash); ok {
			all = append(all, s)
		}
	}
	return all, nil
}

// Dir is the run's folder, "" in a pack.
func (s Saved) Dir() string { return s.dir }

// String says where the run is: its folder, or the pack and the line.
func (s Saved) String() string { return s.place }

// Finished reports whether the run has a result.
func (s Saved) Finished() bool {
	if s.dir == "" {
		return s.line != nil
	}
	_, err := os.Stat(filepath.Join(s.dir, resultFile))
	return err == nil
}

// File reads any file of the run. One that is not there is fs.ErrNotExist.
func (s Saved) File(name string) ([]byte, error) {
	switch {
	case s.dir != "":
		return os.ReadFile(filepath.Join(s.dir, name))
	case s.line != nil:
		return s.line.read(name, s.place)
	}
	return nil, fmt.Errorf("record: %s: %w", name, fs.ErrNotExist)
}

func (s Saved) json(name string, v any) error {
	b, err := s.File(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("record: %s, %s: %w", s, name, err)
	}
	return nil
}

// Config reads what the run was asked for.
func (s Saved) Config(v any) error { return s.json(configFile, v) }

// Result reads what came of a finished run.
func (s Saved) Result(v any) error { return s.json(resultFile, v) }

// Environments reads on what the run was begun and where it went on, if that differs. What cannot be read is left out.
func (s Saved) Environments() (envs []Environment) {
	for n := 1; ; n++ {
		var env Environment
		if err := s.json(envName(n), &env); err != nil {
			return envs
		}
		envs = append(envs, env)
	}
}

// Curves reads the numbers in a file of lines. Texts among them are left out.
func (s Saved) Curves(name string) (lines []map[string]Number, err error) {
	text, err := s.File(name)
	if err != nil {
		return nil, err
	}
	raw, err := parseLines[map[string]json.RawMessage](text)
	if err != nil {
		return nil, fmt.Errorf("record: %s, %s:%w", s, name, err)
	}
	for _, fields := range raw {
		line := map[string]Number{}
		for key, value := range fields {
			var x Number
			if x.UnmarshalJSON(value) == nil {
				line[key] = x
			}
		}
		lines = append(lines, line)
	}
	return lines, nil
}
