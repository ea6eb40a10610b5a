package fold

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "λ ↓ ±": 5, "x\u0302": 1, "中文": 4, "a\u200bb": 2} {
		if got := Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
}

// Wrapping loses no letter, and every line fits.
func TestWrap(t *testing.T) {
	for _, s := range []string{"", "one", "a few short words", "antidisestablishmentarianism at last", "  blanks\n and lines ", strings.Repeat("x", 40), "-x-very-long-name-of-a-cell"} {
		lines := Wrap(s, func(line string) bool { return Width(line) <= 9 })
		for _, line := range lines {
			if Width(line) > 9 {
				t.Errorf("Wrap(%q): line %q does not fit", s, line)
			}
		}
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := letters(strings.Join(lines, "")), letters(s); got != want {
			t.Errorf("Wrap(%q) holds %q, want %q", s, got, want)
		}
	}
	if got := Wrap("4-of-1000-900-800", func(line string) bool { return Width(line) <= 11 }); !cmp.Equal(got, []string{"4-of-1000-", "900-800"}) {
		t.Errorf("a long word is broken into %q, want that behind a hyphen", got)
	}
	if got := Wrap("ab", func(string) bool { return false }); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("where nothing fits wrap gives %q, want one letter a line", got)
	}
}
