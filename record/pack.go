package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

type packed struct {
	Run    string                     `json:"run"`           // hash of the config
	Was    string                     `json:"was,omitempty"` // its hash when it ran, where fields of configs have been renamed since
	Config json.RawMessage            `json:"config"`
	Envs   []json.RawMessage          `json:"envs"`
	Result json.RawMessage            `json:"result"`
	Curves map[string]json.RawMessage `json:"curves,omitempty"` // thinned columns, by file of lines
	Files  map[string][]byte          `json:"files,omitempty"`  // others
}

func (p *packed) read(name, place string) ([]byte, error) {
	switch {
	case name == configFile:
		return p.Config, nil
	case name == resultFile:
		return p.Result, nil
	case p.Files[name] != nil:
		return p.Files[name], nil
	case p.Curves[name] != nil:
		return unfold(p.Curves[name])
	}
	for n, env := range p.Envs {
		if name == envName(n+1) {
			return env, nil
		}
	}
	return nil, fmt.Errorf("record: %s, %s: %w", place, name, fs.ErrNotExist)
}

func (p *packed) validate() error {
	if p.Config == nil || len(p.Envs) == 0 || p.Result == nil {
		return fmt.Errorf("run %q lacks one of config, envs and result", p.Run)
	}
	hash, err := Hash(p.Config)
	if err != nil {
		return err
	}
	if hash != p.Run {
		return fmt.Errorf("run = %q, want %s, the hash of its config", p.Run, hash)
	}
	return nil
}

// readPack reads all lines of a pack, none where there is no such file.
func readPack(path string) (map[string]Saved, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines, err := parseLines[packed](text)
	if err != nil {
		return nil, fmt.Errorf("record: %s:%w, want the JSON object of a run", path, err)
	}
	if !bytes.HasSuffix(text, []byte("\n")) && len(text) > 0 {
		return nil, fmt.Errorf("record: %s:%d: the line has no end, want a whole line with the JSON object of a run", path, len(lines)+1)
	}
	runs := map[string]Saved{}
	for i := range lines {
		p := &lines[i]
		err := p.validate()
		if err == nil && runs[p.Run].line != nil {
			err = fmt.Errorf("run %s is there twice, want it once", p.Run)
		}
		if err != nil {
			return nil, fmt.Errorf("record: %s:%d: %w", path, i+1, err)
		}
		runs[p.Run] = Saved{Hash: p.Run, place: fmt.Sprintf("%s:%d (run %s)", path, i+1, p.Run), line: p}
	}
	return runs, nil
}

// Pack writes the finished runs in dir and in the pack beside it as that pack, one line each, with curves thinned and of other files
// those that keep names. The same runs give the same bytes. Runs that are not finished or damaged are an error with their names.
// The folders stay as they are.
func Pack(dir string, keep ...string) (path string, n int, err error) {
	runs, err := OpenRuns(dir)
	if err != nil {
		return "", 0, err
	}
	all, err := runs.All()
	if err != nil {
		return "", 0, err
	}
	var text bytes.Buffer
	var faults []error
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	for _, s := range all {
		p, err := s.pack(keep)
		if err == nil {
			err = enc.Encode(p)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("run %s: %w", s.Hash, err))
		}
	}
	path = runs.dir + packExt
	switch {
	case len(faults) > 0:
		return "", 0, fmt.Errorf("record: pack %s: want finished runs: %w", dir, errors.Join(faults...))
	case len(all) == 0:
		return "", 0, fmt.Errorf("record: pack %s: no runs there, want the folder of some", dir)
	}
	return path, len(all), WriteFile(path, text.Bytes())
}

func (s Saved) pack(keep []string) (p *packed, err error) {
	if s.dir == "" {
		return s.line, nil
	}
	p = &packed{Run: s.Hash, Curves: map[string]json.RawMessage{}, Files: map[string][]byte{}}
	for name, field := range map[string]*json.RawMessage{configFile: &p.Config, resultFile: &p.Result} {
		if err := s.json(name, field); err != nil {
			return nil, err
		}
	}
	for n := 1; ; n++ {
		var env json.RawMessage
		err := s.json(envName(n), &env)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		p.Envs = append(p.Envs, env)
	}
	names, err := fs.Glob(os.DirFS(s.dir), "*"+linesExt)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := s.File(name)
		if err != nil {
			return nil, err
		}
		if p.Curves[name], err = fold(text); err != nil {
			return nil, fmt.Errorf("%s:%w", name, err)
		}
	}
	for _, name := range keep {
		if b, err := s.File(name); err == nil {
			p.Files[name] = b
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return p, p.validate()
}
