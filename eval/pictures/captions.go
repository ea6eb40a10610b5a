package pictures

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/dataset"
)

const (
	metadataName    = "metadata.jsonl"
	maxCaptionBytes = 64 << 10
)

// captions gives the pictures of a folder the captions that stand beside them: a .txt with the picture's name, or a line of a
// metadata.jsonl in the picture's folder or one above it.
func (w *folder) captions() error {
	rows := map[string]string{} // by name in the whole set
	for name := range w.names {
		if path.Base(name) != metadataName {
			continue
		}
		captions, err := readJSONLines(filepath.Join(w.root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		for file, caption := range captions {
			rows[path.Join(path.Dir(name), file)] = caption
		}
	}
	for i, item := range w.set.Items {
		beside := strings.TrimSuffix(item.Name, path.Ext(item.Name)) + ".txt"
		switch caption, ok := rows[item.Name]; {
		case ok:
			w.set.Items[i].Caption = caption
		case w.names[beside]:
			text, err := os.ReadFile(filepath.Join(w.root, filepath.FromSlash(beside)))
			if err == nil && len(text) > maxCaptionBytes {
				err = fmt.Errorf("caption = %d bytes, want ≤ %d", len(text), maxCaptionBytes)
			}
			if err != nil {
				w.fault(beside, err)
				continue
			}
			w.set.Items[i].Caption = clean(string(text))
		}
	}
	return nil
}

func clean(s string) string { return strings.TrimSpace(strings.ToValidUTF8(s, "\ufffd")) }

// caption takes the captions from one file:
//
//   - *.jsonl: lines {"file_name": …, "text": …}; of a picture's several captions the first counts;
//   - *.json: an object of names and captions;
//   - any other: one caption a line, in the order of the pictures' names.
//
// Names are those of the set, or only their last part where that is unique.
func (s *Set) caption(file string) error {
	var captions map[string]string
	var err error
	switch filepath.Ext(file) {
	case ".jsonl":
		captions, err = readJSONLines(file)
	case ".json":
		captions, err = readJSONObject(file)
	default:
		return s.captionLines(file)
	}
	if err != nil {
		return err
	}
	bases := map[string]int{}
	for _, item := range s.Items {
		bases[path.Base(item.Name)]++
	}
	for i, item := range s.Items {
		name := strings.TrimSuffix(item.Name, path.Ext(item.Name))
		for _, key := range []string{item.Name, name, path.Base(item.Name), path.Base(name)} {
			if caption, ok := captions[key]; ok && (key == item.Name || key == name || bases[path.Base(item.Name)] == 1) {
				s.Items[i].Caption = caption
				break
			}
		}
	}
	return nil
}

func (s *Set) captionLines(file string) error {
	text, err := readFile(file)
	if err != nil {
		return fmt.Errorf("pictures: captions: %s: %w", file, err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
	if len(lines) != len(s.Items) {
		return fmt.Errorf("pictures: captions: %s has %d lines, want %d: one for each picture of %s", file, len(lines), len(s.Items), s.Name)
	}
	for i := range s.Items {
		s.Items[i].Caption = clean(lines[i])
	}
	return nil
}

func readJSONLines(file string) (map[string]string, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, fmt.Errorf("pictures: captions: %s: %w", file, err)
	}
	captions, err := parseJSONLines(data)
	if err != nil {
		return nil, fmt.Errorf("pictures: captions: %s:%w", file, err)
	}
	return captions, nil
}

// parseJSONLines reads the lines of a metadata.jsonl; the first caption of a picture counts. An error begins with the line's number.
func parseJSONLines(data []byte) (map[string]string, error) {
	captions := map[string]string{}
	err := dataset.ScanMetadata(bytes.NewReader(data), func(name, text string) error {
		name = path.Clean(filepath.ToSlash(name))
		if _, ok := captions[name]; !ok {
			captions[name] = clean(text)
		}
		return nil
	})
	return captions, err
}

func readJSONObject(file string) (map[string]string, error) {
	data, err := readFile(file)
	if err == nil {
		captions := map[string]string{}
		if err = json.Unmarshal(data, &captions); err == nil {
			for name, caption := range captions {
				captions[name] = clean(caption)
			}
			return captions, nil
		}
	}
	return nil, fmt.Errorf(`pictures: captions: %s: %w, want {"name.png": "caption", …}`, file, err)
}
