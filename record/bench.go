package record

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Pair is a key and its value, in a header or in the name of a benchmark.
type Pair struct{ Key, Value string }

// Measure is a value with its unit: {20.6, "FID"}.
type Measure struct {
	Value float64
	Unit  string
}

// Unit says which direction of a measure is better, "lower" or "higher", for benchstat.
type Unit struct{ Name, Better string }

// Bench is one result line: BenchmarkADD/axis=disc-cond/cell=both/seed=1 1 20.6 FID 0.319 CLIP.
type Bench struct {
	Name     string // "ADD"
	Labels   []Pair // axis, cell, seed, in this order
	Measures []Measure
}

// WriteBench writes results in Go's benchmark format, which benchstat reads: the header's "key: value" lines, the units
// and one line per result (https://go.dev/design/14313-benchmark-format, golang.org/x/perf/benchfmt).
func WriteBench(w io.Writer, header []Pair, units []Unit, benches []Bench) error {
	out := bufio.NewWriter(w)
	for _, p := range header {
		if !headerKey.MatchString(p.Key) || strings.TrimSpace(p.Value) == "" || strings.ContainsAny(p.Value, "\r\n") {
			return fmt.Errorf("record: header %q = %q, want a lower-case key and one line of text", p.Key, p.Value)
		}
		fmt.Fprintf(out, "%s: %s\n", p.Key, strings.TrimSpace(p.Value))
	}
	for _, u := range units {
		if !isWord(u.Name) || u.Better != "lower" && u.Better != "higher" {
			return fmt.Errorf("record: unit %q: better = %q, want lower or higher", u.Name, u.Better)
		}
		fmt.Fprintf(out, "Unit %s better=%s\n", u.Name, u.Better)
	}
	if len(header)+len(units) > 0 {
		fmt.Fprintln(out)
	}
	for _, b := range benches {
		line, err := b.line()
		if err != nil {
			return fmt.Errorf("record: benchmark %s: %w", b.Name, err)
		}
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}

var (
	headerKey = regexp.MustCompile(`^[a-z][^\sA-Z:]*$`)
	benchName = regexp.MustCompile(`^[A-Z0-9][A-Za-z0-9]*$`)
	procs     = regexp.MustCompile(`-\d+$`)
)

// line refuses what a reader of the format would take for something else.
func (b Bench) line() (string, error) {
	if !benchName.MatchString(b.Name) {
		return "", fmt.Errorf("name = %q, want letters and digits after a capital", b.Name)
	}
	name := "Benchmark" + b.Name
	seen := map[string]bool{}
	for _, l := range b.Labels {
		if !isWord(l.Key) || !isWord(l.Value) || strings.ContainsAny(l.Key, "/=") || strings.Contains(l.Value, "/") || seen[l.Key] {
			return "", fmt.Errorf("label %s = %q, want words without space and slash, each key once", l.Key, l.Value)
		}
		seen[l.Key] = true
		name += "/" + l.Key + "=" + l.Value
	}
	if procs.MatchString(name) {
		return "", fmt.Errorf("%s ends like a number of processors, want another label last", name)
	}
	if len(b.Measures) == 0 {
		return "", fmt.Errorf("want at least one measure")
	}
	line := name + " 1"
	for _, m := range b.Measures {
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
			return "", fmt.Errorf("%s = %g, want a finite value", m.Unit, m.Value)
		}
		if !isWord(m.Unit) {
			return "", fmt.Errorf("unit = %q, want a word", m.Unit)
		}
		line += " " + strconv.FormatFloat(m.Value, 'g', -1, 64) + " " + m.Unit
	}
	return line, nil
}

// isWord reports whether a text is not empty and has no space.
func isWord(s string) bool { return s != "" && !strings.ContainsFunc(s, unicode.IsSpace) }
