package ablations

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/pretrain"
)

// Axis is one question about the recipe.
type Axis struct {
	Name        string // as on the command line: "disc-cond"
	Title       string
	Ref         string // where the paper answers: "ADD Table 1b"
	Question    string
	Cells       []Cell
	Claims      []Claim
	Against     string   // cell of the paper's default, if the default cell is another; directions are relative to it
	Teachers    []string // variants of the teacher that are measured beside the cells
	SolverSteps []int    // steps, beyond 25 and 1, at which the bundle's teacher is measured beside the cells
}

// Cell is one answer that is tried: an edit of the default config, or another way to sample from its student.
type Cell struct {
	Name    string
	Default bool  // the cell that all axes share; it edits nothing
	Paper   Paper // as published, if it was
	Set     func(*distill.Config)
	Steps   int            // of the few-step sampler; 0 means 1
	Form    diffusion.Form // of the few-step sampler; "" means diffusion.Renoise
}

// Parts lists the networks beyond a bundle's own that the axis asks for.
func (a Axis) Parts(base distill.Config) []string {
	var parts []string
	for _, c := range a.Cells {
		parts = append(parts, c.Config(base).Parts()...)
	}
	parts = slices.DeleteFunc(append(parts, a.Teachers...), func(p string) bool { return slices.Contains(pretrain.Parts, p) })
	slices.Sort(parts)
	return slices.Compact(parts)
}

// Config is the cell's edit of a base config.
func (c Cell) Config(base distill.Config) distill.Config {
	base.Times = slices.Clone(base.Times) // an edit must not reach other cells
	if c.Set != nil {
		c.Set(&base)
	}
	return base
}

// Only keeps the named cells, and the claims about them.
func (a Axis) Only(cells []string) (Axis, error) {
	var have []string
	for _, c := range a.Cells {
		have = append(have, c.Name)
	}
	for _, name := range cells {
		if !slices.Contains(have, name) {
			return a, fmt.Errorf("ablations: %s has no cell %q, want some of %q", a.Name, name, have)
		}
	}
	a.Cells = slices.DeleteFunc(slices.Clone(a.Cells), func(c Cell) bool { return !slices.Contains(cells, c.Name) })
	a.Claims = slices.DeleteFunc(slices.Clone(a.Claims), func(c Claim) bool {
		return !slices.Contains(cells, c.Better) || !slices.Contains(cells, c.Worse)
	})
	return a, nil
}

// HasDefault reports whether the default cell is one of the axis.
func (a Axis) HasDefault() bool {
	return slices.ContainsFunc(a.Cells, func(c Cell) bool { return c.Default })
}

// registry is filled while the package starts.
var registry []Axis

func register(a Axis) Axis {
	registry = append(registry, a)
	return a
}

// Axes returns every axis: the paper's in its order, then the project's own.
func Axes() []Axis {
	return slices.SortedFunc(slices.Values(registry), func(a, b Axis) int {
		own := func(a Axis) int {
			if a.Ref == "" {
				return 1
			}
			return 0
		}
		return cmp.Or(own(a)-own(b), cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Name, b.Name))
	})
}

// Lookup finds an axis by name.
func Lookup(name string) (Axis, error) {
	var names, longer []string
	hint, least := "", 4 // more than three typing errors are another word
	for _, a := range Axes() {
		if a.Name == name {
			return a, nil
		}
		names = append(names, a.Name)
		if len(name) > 2 && strings.HasPrefix(a.Name, name) {
			longer = append(longer, a.Name)
		}
		if d := editDistance(name, a.Name); d < least {
			hint, least = fmt.Sprintf(" (did you mean %s?)", a.Name), d
		}
	}
	if len(longer) > 0 {
		hint = fmt.Sprintf(" (did you mean %s?)", strings.Join(longer, " or "))
	}
	return Axis{}, fmt.Errorf("ablations: axis = %q, want one of %s%s", name, strings.Join(names, ", "), hint)
}

// Parse reads a list of axes, "disc-cond,loss", or "all".
func Parse(list string) ([]Axis, error) {
	if strings.TrimSpace(list) == "all" {
		return Axes(), nil
	}
	var axes []Axis
	seen := map[string]bool{}
	for name := range strings.SplitSeq(list, ",") {
		a, err := Lookup(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		if !seen[a.Name] {
			axes, seen[a.Name] = append(axes, a), true
		}
	}
	return axes, nil
}

// editDistance is Levenshtein's: how many letters must be put in, left out or replaced.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
