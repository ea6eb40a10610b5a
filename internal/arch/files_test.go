package arch

import (
	"bytes"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sources calls visit with every text file of the project: not with test data, what runs wrote (except the reference results)
// and folders that Go and people ignore.
func sources(t *testing.T, visit func(name string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			hidden := strings.HasPrefix(d.Name(), ".") && name != "." && name != ".ci"
			run := strings.HasPrefix(name, "results/") && name != "results/reference" && !strings.HasPrefix(name, "results/reference/")
			if hidden || run || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || strings.HasSuffix(name, ".safetensors") || name == ".git" { // a file in a work tree beside the first
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if bytes.IndexByte(text, 0) < 0 {
			visit(name, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreShortAndFormatted(t *testing.T) {
	const limit = 300
	sources(t, func(name string, text []byte) {
		if !strings.HasSuffix(name, ".go") {
			return
		}
		if lines := bytes.Count(text, []byte("\n")); lines > limit {
			t.Errorf("%s has %d lines, want ≤ %d: it holds more than one thing", name, lines, limit)
		}
		if formatted, err := format.Source(text); err != nil || !bytes.Equal(text, formatted) {
			t.Errorf("%s is not as gofmt writes it (%v)", name, err)
		}
	})
}

// unwanted are paths of somebody's machine and marks of unfinished work. (In pieces, so that this file is not found.)
var unwanted = regexp.MustCompile(`(^|[^\w./-])(/` + `root/|/` + `work/)|\bTO` + `DO\b`)

// excused are files whose subject such words are.
var excused = map[string]string{"record/env_test.go": "tests that folders are cut from what is recorded"}

func TestNothingLeftBehind(t *testing.T) {
	sources(t, func(name string, text []byte) {
		if excused[name] != "" {
			return
		}
		for i, line := range strings.Split(string(text), "\n") {
			if found := unwanted.FindString(line); found != "" {
				t.Errorf("%s:%d: %q, want neither machine-specific paths nor marks of unfinished work", name, i+1, found)
			}
		}
	})
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s#]+)[^)]*\)`)
	picture = regexp.MustCompile(`<img src="([^"]+)"`)
)

func TestLinksLeadSomewhere(t *testing.T) {
	sources(t, func(name string, text []byte) {
		if !strings.HasSuffix(name, ".md") {
			return
		}
		for _, m := range append(link.FindAllStringSubmatch(string(text), -1), picture.FindAllStringSubmatch(string(text), -1)...) {
			target := m[1]
			if strings.Contains(target, ":") { // elsewhere
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", name, target)
			}
		}
	})
}

// quote is a Go example of the documentation whose first line names the file that it is taken from.
var quote = regexp.MustCompile("(?s)```go\n// ([\\w/.]+\\.go)\n(.*?)```")

func TestExamplesAreRealCode(t *testing.T) {
	sources(t, func(name string, text []byte) {
		if !strings.HasSuffix(name, ".md") {
			return
		}
		for _, m := range quote.FindAllStringSubmatch(string(text), -1) {
			file, err := os.ReadFile(filepath.Join(root, m[1]))
			if err != nil {
				t.Errorf("%s quotes a file that is not there: %v", name, err)
				continue
			}
			have := map[string]bool{}
			for line := range strings.Lines(string(file)) {
				have[strings.TrimSpace(line)] = true
			}
			for line := range strings.Lines(m[2]) {
				if line = strings.TrimSpace(line); line != "" && line != "…" && !have[line] {
					t.Errorf("%s quotes %s with %q, which is not there any more", name, m[1], line)
				}
			}
		}
	})
}
