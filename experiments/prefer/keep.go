package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/internal/atomicfile"
)

// keptAt is where a study's pictures are kept, beside the votes on them.
func keptAt(votes, id string) string { return filepath.Join(filepath.Dir(votes), "pictures", id) }

// keep writes what people vote on, a folder with metadata.jsonl for each method. Another engine draws other pictures: these folders, given
// as methods of the same names, are the same study again.
func (s study) keep(dir string) error {
	for m, one := range s.methods {
		folder := filepath.Join(dir, fmt.Sprintf("%d-%s", m, strings.Map(plainLetter, one.name)))
		last := filepath.Join(folder, "metadata.jsonl") // once it is there, so are the pictures
		if _, err := os.Stat(last); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		var lines bytes.Buffer
		enc := json.NewEncoder(&lines)
		for i, png := range one.pictures {
			name := fmt.Sprintf("%05d.png", i)
			if err := os.WriteFile(filepath.Join(folder, name), png, 0o666); err != nil {
				return err
			}
			if err := enc.Encode(map[string]string{"file_name": name, "text": s.captions[i]}); err != nil {
				return err
			}
		}
		if err := atomicfile.Write(last, func(w io.Writer) error { _, err := lines.WriteTo(w); return err }); err != nil {
			return err
		}
	}
	return nil
}

// plainLetter keeps what every file system takes in a name.
func plainLetter(r rune) rune {
	if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", r) {
		return r
	}
	return '-'
}
