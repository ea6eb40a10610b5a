package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/record"
)

// places remembers where the weights of each extractor are, in a file of the user's config folder.
type places struct {
	file  string // "" where there is no such folder
	known map[string]string
}

func readPlaces() (places, error) {
	p := places{known: map[string]string{}}
	dir, err := os.UserConfigDir()
	if err != nil {
		return p, nil
	}
	p.file = filepath.Join(dir, "addlab", "weights.json")
	if err := record.ReadJSON(p.file, &p.known); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p, fmt.Errorf("%w: mend or remove the file", err)
	}
	return p, nil
}

// remember keeps a place for the next call.
func (p places) remember(kind, path string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if p.file == "" || p.known[kind] == absolute {
		return nil
	}
	p.known[kind] = absolute
	if err := os.MkdirAll(filepath.Dir(p.file), 0o777); err != nil {
		return err
	}
	return record.WriteJSON(p.file, p.known)
}

// find gives the remembered place if something is there still.
func (p places) find(kind string) string {
	path := p.known[kind]
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// askOnTerminal asks a person at standard input. A program or a file there is never asked.
func askOnTerminal(question string) (string, bool) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return "", false
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		return "", false
	}
	fmt.Fprintf(os.Stderr, "%s: ", question)
	line, err := bufio.NewReader(io.LimitReader(os.Stdin, 1<<16)).ReadString('\n')
	line = strings.TrimSpace(line)
	return line, err == nil && line != ""
}
