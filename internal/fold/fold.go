// Package fold wraps and pads text for terminals, tables and pictures.
package fold

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Width is the number of terminal columns that s takes: combining marks take none, wide characters two.
func Width(s string) int { return uniseg.StringWidth(s) }

// PadLeft fills s with blanks at the left.
func PadLeft(s string, columns int) string {
	return strings.Repeat(" ", max(0, columns-Width(s))) + s
}

// PadRight fills s with blanks at the right.
func PadRight(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-Width(s)))
}

// Wrap breaks s at blanks into lines that fit. A word that fits on no line is broken after a hyphen, or between letters.
func Wrap(s string, fits func(string) bool) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && fits(line+" "+word) {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for _, r := range word {
			if line != "" && !fits(line+string(r)) && !unicode.Is(unicode.Mn, r) {
				end := len(line)
				if i := strings.LastIndex(line, "-"); i > 0 {
					end = i + 1
				}
				lines, line = append(lines, line[:end]), line[end:]
			}
			line += string(r)
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// Count is a number with its noun: 1 step, 4 steps.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// OneLine folds every run of white space into one blank.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
