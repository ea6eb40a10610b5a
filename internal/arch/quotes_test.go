package arch

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "copy the quoted result files into the documents anew")

// block is the part of a document that repeats a file that a program wrote: all of it, or the named columns and rows of its n-th table.
//
//	<!-- from results/x/table.md -->
//	<!-- from results/x/table.md table 2: reference, FID; rows: teacher, 1 step; teacher, 25 steps -->
var block = regexp.MustCompile(`(?s)<!-- from (\S+?)(?: table (\d))?(?:: ([^;>]*?))?(?:; rows: ([^>]*?))? -->\n(.*?)<!-- /from -->`)

// quoted gives the document with every quote as its file is now.
func quoted(t *testing.T, name, text string) string {
	return block.ReplaceAllStringFunc(text, func(old string) string {
		m := block.FindStringSubmatch(old)
		path, columns := m[1], m[3]
		content, err := os.ReadFile(filepath.Join(root, path))
		text := strings.TrimRight(string(content), "\n")
		if err == nil && columns != "" {
			text, err = project(text, m[2], columns, m[4])
		}
		if err != nil {
			t.Errorf("%s quotes %s: %v", name, path, err)
			return old
		}
		// A table's own heading stands below the document's.
		text = regexp.MustCompile(`(?m)^## `).ReplaceAllString(text, "### ")
		// Its links lead from where the file is.
		text = link.ReplaceAllStringFunc(text, func(whole string) string {
			target := link.FindStringSubmatch(whole)[1]
			moved, err := filepath.Rel(filepath.Dir(name), filepath.Join(filepath.Dir(path), target))
			if err != nil || strings.Contains(target, ":") {
				return whole
			}
			return strings.Replace(whole, target, filepath.ToSlash(moved), 1)
		})
		mark, _, _ := strings.Cut(old, "\n")
		return mark + "\n" + text + "\n<!-- /from -->"
	})
}

// Tables in the documents are copies of what programs wrote, never typed. With -update they are copied anew.
func TestDocumentsQuoteResultsAsTheyAre(t *testing.T) {
	quotes := 0
	defer func() {
		if quotes < 2 {
			t.Errorf("%d quotes in all documents, want the README's and that of docs/engines.md at least", quotes)
		}
	}()
	sources(t, func(name string, text []byte) {
		if !strings.HasSuffix(name, ".md") {
			return
		}
		quotes += len(block.FindAllIndex(text, -1))
		want := quoted(t, name, string(text))
		if *update && want != string(text) {
			if err := os.WriteFile(filepath.Join(root, name), []byte(want), 0o666); err != nil {
				t.Fatal(err)
			}
			return
		}
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("%s quotes other results than are there; go test ./internal/arch -update copies them (-want +got):\n%s", name, diff)
		}
	})
}
