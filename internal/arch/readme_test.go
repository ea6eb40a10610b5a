package arch

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	skipped  = regexp.MustCompile("(?s)```.*?```|<!--.*?-->|<[^>]+>")
	newPart  = regexp.MustCompile(`\n\s*\n|\n\s*([-*]|\d+\.) `)
	anyLink  = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	sentence = regexp.MustCompile("[.!?:;] +[A-Z*`(\\[]")
)

// sentences gives the prose of a Markdown text: no tables, headings, code and HTML.
func sentences(text string) (all []string) {
	text = skipped.ReplaceAllString(text, "")
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	for _, part := range newPart.Split(strings.Join(lines, "\n"), -1) {
		part = strings.TrimLeft(anyLink.ReplaceAllString(strings.Join(strings.Fields(part), " "), "$1"), "-* ")
		for {
			end := sentence.FindStringIndex(part)
			if end == nil {
				break
			}
			all = append(all, part[:end[0]+1])
			part = strings.TrimSpace(part[end[0]+1:])
		}
		if part != "" {
			all = append(all, part)
		}
	}
	return all
}

func TestSentences(t *testing.T) {
	got := sentences("# Title\n\nOne two.\nThree [four](x.md): Five.\n\n| a | b |\n\n- six\n- seven\n\n```\ncode. Here\n```\n")
	if strings.Join(got, "/") != "One two./Three four:/Five./six/seven" {
		t.Errorf("sentences %q", got)
	}
}

// A stranger reads the README: it is short, and so are its sentences.
func TestReadmeIsShort(t *testing.T) {
	const size, words = 8192, 30
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > size {
		t.Errorf("README.md has %d bytes, want ≤ %d", len(text), size)
	}
	for _, s := range sentences(string(text)) {
		if n := len(strings.Fields(s)); n > words {
			t.Errorf("README.md: %d words, want ≤ %d: %s", n, words, s)
		}
	}
}

// Rooms are few. Folders that Go and people ignore, and what runs write, do not count.
func TestFewFoldersAtTheTop(t *testing.T) {
	const limit = 21
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "_") {
			names = append(names, e.Name())
		}
	}
	if len(names) > limit {
		t.Errorf("%d folders at the top, want ≤ %d: %q", len(names), limit, names)
	}
}

// A sweep is committed packed, as tables, pictures and one file of runs. Without git, or in an archive, nothing is counted.
func TestFewFilesAreTracked(t *testing.T) {
	const limit = 1300
	cmd := exec.Command("git", "ls-files", "-z")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("git ls-files: %v", err)
	}
	if n := bytes.Count(out, []byte{0}); n > limit {
		t.Errorf("%d files are tracked, want ≤ %d", n, limit)
	}
}
