package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Lines appends to a file of JSON lines, each with its step, such as metrics.jsonl.
type Lines struct {
	run  *Run
	name string
	file *os.File
	last int // step of the last line written by this process
}

const linesExt = ".jsonl"

// Lines opens a file of lines, whose name ends in .jsonl, to continue after the latest checkpoint.
func (r *Run) Lines(name string) (*Lines, error) {
	if err := r.writable(); err != nil {
		return nil, err
	}
	if l := r.lines[name]; l != nil {
		return l, nil
	}
	if filepath.Ext(name) != linesExt || filepath.Base(name) != name {
		return nil, fmt.Errorf("record: lines = %q, want a file name that ends in %s", name, linesExt)
	}
	f, err := os.OpenFile(filepath.Join(r.dir, name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	r.lines[name] = &Lines{run: r, name: name, file: f}
	return r.lines[name], nil
}

// cutLines takes the lines of steps after the latest checkpoint, which the run will write again, and a line torn by a
// crash out of every file of lines. Without a checkpoint the run starts over, and so do the files.
func (r *Run) cutLines() error {
	entries, err := os.ReadDir(r.dir)
	for _, e := range entries {
		path := filepath.Join(r.dir, e.Name())
		switch {
		case filepath.Ext(path) != linesExt:
		case r.saved < 0:
			err = errors.Join(err, os.Remove(path))
		default:
			err = errors.Join(err, cut(path, r.saved))
		}
	}
	return err
}

func cut(path string, step int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines, err := parseLines[struct{ Step *int }](text)
	if err != nil {
		return fmt.Errorf("record: %s:%w, want a JSON object with a step", path, err)
	}
	length := 0
	for n, line := range lines {
		if line.Step == nil {
			return fmt.Errorf("record: %s:%d: want a JSON object with a step", path, n+1)
		}
		if *line.Step > step {
			break
		}
		length += 1 + bytes.IndexByte(text[length:], '\n')
	}
	return os.Truncate(path, int64(length))
}

// Append writes {"step": step, …fields}; fields is a struct or a map without a step of its own. Steps never go back, and
// a step's lines come before its checkpoint: a run that is resumed from there would not write them again.
func (l *Lines) Append(step int, fields any) error {
	if err := l.run.writable(); err != nil {
		return err
	}
	if step < l.last || step < 0 {
		return fmt.Errorf("record: %s: step = %d, want ≥ %d, the step of the line before", l.name, step, l.last)
	}
	if step <= l.run.saved {
		return fmt.Errorf("record: %s: step = %d, want > %d, the step of the latest checkpoint", l.name, step, l.run.saved)
	}
	line, err := encodeLine(step, fields)
	if err != nil {
		return fmt.Errorf("record: %s: step %d: %w", l.name, step, err)
	}
	if n, err := l.file.Write(line); err != nil {
		// On a full disk half of the line may be there; the next one must not follow it.
		end, fault := l.file.Seek(0, io.SeekEnd)
		return errors.Join(err, fault, l.file.Truncate(end-int64(n)))
	}
	l.last = step
	return nil
}

// encodeLine puts the step before the fields. Floats of a map may be NaN; in a struct use Number.
func encodeLine(step int, fields any) ([]byte, error) {
	if m, ok := fields.(map[string]float64); ok {
		numbers := make(map[string]Number, len(m))
		for key, x := range m {
			numbers[key] = Number(x)
		}
		fields = numbers
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	var own map[string]json.RawMessage
	if err := json.Unmarshal(b, &own); err != nil || own == nil {
		return nil, fmt.Errorf("fields = %.40s, want a struct or a map", b)
	}
	if _, ok := own["step"]; ok {
		return nil, fmt.Errorf("fields have a step of their own")
	}
	line := fmt.Appendf(nil, `{"step":%d`, step)
	if len(own) > 0 {
		line = append(line, ',')
	}
	line = append(line, b[1:]...) // without its opening brace
	return append(line, '\n'), nil
}

// syncLines puts all lines on the disk, so that a checkpoint never outlives lines written before it.
func (r *Run) syncLines() error {
	var errs []error
	for _, l := range r.lines {
		errs = append(errs, l.file.Sync())
	}
	return errors.Join(errs...)
}

// ReadLines reads a file of JSON lines, without a last line that is still being written.
func ReadLines[T any](path string) ([]T, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines, err := parseLines[T](b)
	if err != nil {
		return nil, fmt.Errorf("record: %s:%w", path, err)
	}
	return lines, nil
}

// parseLines starts its error with the number of the line.
func parseLines[T any](text []byte) (lines []T, err error) {
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("%d: %w", len(lines)+1, err)
		}
		lines = append(lines, v)
	}
	return lines, nil
}
