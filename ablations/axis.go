package ablations

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/internal/named"
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
	Against     string              // cell of the paper's default, if the default cell is another; directions are relative to it
	Teachers    []string            // variants of the teacher that are measured beside the cells
	SolverSteps []int               // steps, beyond 25 and 1, at which the bundle's teacher is measured beside the cells
	Solvers     []diffusion.Sampler // that take these steps; nil is DPM-Solver++(2M) alone
	BuiltIn     bool                // cells fit built-in teachers only: a published one's preset is not the default cell
}

// Cell is one answer that is tried: an edit of the default config, or another way to sample from its student.
type Cell struct {
	Name    string
	Default bool  // the cell that all axes share; it edits nothing
	Paper   Paper // as published, if it was
	Set     func(*distill.Config)
	Steps   int            // of the few-step sampler; 0 means 1
	Form    diffusion.Form // of the few-step sampler; "" means that of the method
	Curve   string         // cells with the same one are joined in the plot of FID over calls; "" is in none
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
	lacks := func(name string) bool { return !slices.Contains(cells, name) }
	a.Cells = slices.DeleteFunc(slices.Clone(a.Cells), func(c Cell) bool { return lacks(c.Name) })
	a.Claims = slices.DeleteFunc(slices.Clone(a.Claims), func(c Claim) bool { return lacks(c.Better) || lacks(c.Worse) })
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
		return cmp.Or(strings.Compare(cmp.Or(a.Ref, "~"), cmp.Or(b.Ref, "~")), strings.Compare(a.Name, b.Name))
	})
}

// Lookup finds an axis by name.
func Lookup(name string) (Axis, error) {
	return named.Find("ablations: axis", name, Axes(), func(a Axis) string { return a.Name })
}

// Parse reads a list of axes, "disc-cond,loss", or "all".
func Parse(list string) (axes []Axis, err error) {
	if strings.TrimSpace(list) == "all" {
		return Axes(), nil
	}
	for name := range strings.SplitSeq(list, ",") {
		a, err := Lookup(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(axes, func(b Axis) bool { return b.Name == a.Name }) {
			axes = append(axes, a)
		}
	}
	return axes, nil
}

// Keys of the metrics that a Paper or a Claim can be about.
const (
	FID  = "fid"
	CLIP = "clip"
)

// Paper holds a cell's published numbers by the key of their metric: Paper{FID: 20.6, CLIP: .319}.
type Paper map[string]float64

// Claim is a sentence of the paper about two cells of an axis.
//
// As it stands it says that one is better than the other. With Factor it says that the worse value is at least so many times the better
// one. With Within it says that both are the same: their ratio is within 1 ± Within, and the names have no order.
type Claim struct {
	Text          string
	Metric        string // FID or CLIP
	Better, Worse string // names of cells
	Factor        float64
	Within        float64
}

// CLIPFromBlur is the paper's way of the CLIP score from a blur, which the distillation loss alone gives, to its default (Table 1d). Here
// that is the way from one call of the teacher to its 25 steps.
const CLIPFromBlur = .319 - .076

// What "far worse" and "close" mean where the paper gives no bound. Its far worse cells have 14 times the default's FID. Its close cells
// differ by 0.2 of 20.6 in FID and .004 of .319 in CLIP score.
const (
	farWorse  = 3
	closeFID  = 0.1
	closeCLIP = 0.02
)
