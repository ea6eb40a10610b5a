package ablations

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

// Laws of every axis: its name is its own, one cell is the default and edits nothing, and every cell can be trained, alone
// under its name in a benchmark file.
func TestAxes(t *testing.T) {
	names := map[string]bool{}
	for _, axis := range Axes() {
		t.Run(axis.Name, func(t *testing.T) {
			if names[axis.Name] || axis.Name == "" || axis.Title == "" || !strings.HasSuffix(axis.Question, "?") {
				t.Errorf("name = %q, title = %q, question = %q, want an own name, a title and a question", axis.Name, axis.Title, axis.Question)
			}
			names[axis.Name] = true
			cells, byDefault := []string{}, 0
			for _, scale := range distill.Scales {
				base, err := distill.DefaultConfig(scale)
				if err != nil {
					t.Fatal(err)
				}
				for _, cell := range axis.Cells {
					cfg := cell.Config(base)
					if err := cfg.Validate(); err != nil {
						t.Errorf("%s at %s: %v", cell.Name, scale, err)
					}
					if cell.Default {
						if diff := cmp.Diff(base, cfg); diff != "" || cell.Steps > 1 || cell.Form != "" {
							t.Errorf("default cell %s edits the config (-want +got)\n%s", cell.Name, diff)
						}
					} else if cmp.Equal(base, cfg) && cell.Steps <= 1 {
						t.Errorf("cell %s is the default cell", cell.Name)
					}
				}
			}
			for _, cell := range axis.Cells {
				if slices.Contains(cells, cell.Name) || strings.ContainsAny(cell.Name, " /") || cell.Name == "" {
					t.Errorf("cell = %q, want an own name without space and slash", cell.Name)
				}
				cells = append(cells, cell.Name)
				if cell.Default {
					byDefault++
				}
			}
			if axis.Against != "" && !slices.Contains(cells, axis.Against) {
				t.Errorf("directions are read against %q, want one of %q", axis.Against, cells)
			}
			if byDefault != 1 {
				t.Errorf("default cells = %d, want 1", byDefault)
			}
			for _, c := range axis.Claims {
				if !slices.Contains(cells, c.Better) || !slices.Contains(cells, c.Worse) || c.Metric != FID && c.Metric != CLIP {
					t.Errorf("claim %q: %s of %q against %q, want FID or CLIP of two of %q", c.Text, c.Metric, c.Better, c.Worse, cells)
				}
			}
		})
	}
}

// A claim must follow from the paper's own numbers where the axis gives them.
func TestClaimsFollowFromThePaper(t *testing.T) {
	for _, axis := range Axes() {
		paper := map[string]Cell{}
		for _, cell := range axis.Cells {
			paper[cell.Name] = cell
		}
		for _, c := range axis.Claims {
			a, ok := paper[c.Better].Paper[c.Metric]
			b, too := paper[c.Worse].Paper[c.Metric]
			if !ok || !too {
				continue
			}
			ratio, better := a/b, a > b
			if c.Metric == FID {
				better = a < b
			}
			switch {
			case c.Within > 0:
				better = math.Abs(ratio-1) < c.Within
			case c.Factor > 0:
				better = ratio < 1/c.Factor
			}
			if !better {
				t.Errorf("%s: claim %q contradicts %v and %v", axis.Name, c.Text, a, b)
			}
		}
	}
}

func TestTheDefaultConfigStaysAsItIs(t *testing.T) {
	base, err := distill.DefaultConfig("cpu")
	if err != nil {
		t.Fatal(err)
	}
	before, _ := record.Hash(base)
	for _, axis := range Axes() {
		for _, cell := range axis.Cells {
			cell.Config(base)
		}
	}
	if after, _ := record.Hash(base); before != after {
		t.Error("an edit of a cell reached the base config")
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ why, list, want, err string }{
		{"one", "loss", "loss", ""},
		{"several, in the order asked for, each once", "loss, disc-cond,loss", "loss disc-cond", ""},
		{"an unknown axis names the known ones", "discriminator", "", "disc-cond, student-init, loss"},
		{"nothing is no axis", "", "", `axis = ""`},
	} {
		t.Run(c.why, func(t *testing.T) {
			axes, err := Parse(c.list)
			var names []string
			for _, a := range axes {
				names = append(names, a.Name)
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("axes = %q, want %q", got, c.want)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error = %v, want %q in it", err, c.err)
			}
		})
	}
	if all, err := Parse("all"); err != nil || len(all) != len(registry) {
		t.Errorf("all = %d axes, %v, want %d", len(all), err, len(registry))
	}
}

func TestOnlyKeepsCellsAndTheirClaims(t *testing.T) {
	got, err := DiscCond.Only([]string{"both", "text"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range got.Cells {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"text", "both"}, names); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	for _, c := range got.Claims {
		if !slices.Contains(names, c.Better) || !slices.Contains(names, c.Worse) {
			t.Errorf("claim %q is about %s and %s, want only the cells that are left", c.Text, c.Better, c.Worse)
		}
	}
	if len(DiscCond.Cells) != 4 {
		t.Error("the axis itself has lost cells")
	}
}
