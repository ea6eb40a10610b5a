package report

import (
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/fold"
)

// ClaimsMarkdown writes the verdicts of all sections that compare as one table.
func (p Page) ClaimsMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## What became of the paper's claims%s\n\n%s%s\n\n", p.measuredOn(), p.claimsApart(), p.counts())
	if sections := p.withClaims(); len(sections) > 0 {
		b.WriteString("| verdict | the paper finds that | compared | difference, p, seeds | elsewhere | axis |\n|---|---|---|---|---|---|\n")
		for _, s := range sections {
			for _, v := range s.Table.Verdicts {
				cells := []string{v.Verdict, fold.OneLine(v.Claim), s.Table.relation(v), s.Table.Evidence(v), strings.Join(p.elsewhere(s.Table, v), "; "), s.Table.Axis}
				for i, cell := range cells {
					cells[i] = escapeMarkdown(cell)
				}
				b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
			}
		}
		b.WriteString("\n" + claimsLegend + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const claimsLegend = "FID of the paper is judged by drawing FID where it was measured. Difference, 95 % interval and p come from one t-test, paired over common seeds. p is not corrected for the number of claims. " +
	"Within 10 %: two one-sided tests (TOST), p is the larger; where it is refuted, p is of a two-sided test against the bound. " +
	"Smaller: no direction is shown, but the 95 % interval rules out an advantage as large as the paper's (of FID by ratio; of CLIP score as a share of the way from a blur to the default). Undecided: the seeds show nothing."

func (p Page) counts() string {
	n, missing, counts := 0, 0, map[string]int{}
	for _, s := range p.withClaims() {
		for _, v := range s.Table.Verdicts {
			if !v.Measured() {
				missing++
				continue
			}
			n++
			counts[v.Verdict]++
		}
	}
	text := fmt.Sprintf("%s: %d confirmed, %d refuted, %d smaller than in the paper, %d undecided.", fold.Count(n, "comparison"), counts[Confirmed], counts[Refuted], counts[Smaller], counts[Undecided])
	if missing > 0 {
		text += fmt.Sprintf(" %d more not measured.", missing)
	}
	return text
}

// measuredOn names data and engines of the tables with claims, or of all where no table has any: " (scenes, xla:cpu)".
func (p Page) measuredOn() string {
	tables := p.withClaims()
	if len(tables) == 0 {
		tables = p.Sections
	}
	var data, engines []string
	for _, s := range tables {
		data, engines = append(data, fold.OneLine(s.Table.Data)), append(engines, s.Table.engines()...)
	}
	slices.Sort(data)
	slices.Sort(engines)
	on := join(", ", join(" and ", slices.Compact(data)...), join(" and ", slices.Compact(engines)...))
	if on == "" {
		return ""
	}
	return " (" + escapeMarkdown(on) + ")"
}

func (p Page) withClaims() []Section {
	return slices.DeleteFunc(slices.Clone(p.Sections), func(s Section) bool { return s.Warning != "" || len(s.Table.Verdicts) == 0 })
}

// engines are the names in "xla:cuda PJRT 0.115; xla:cpu PJRT 0.115, plugin 0.11.2".
func (t Table) engines() (names []string) {
	for part := range strings.SplitSeq(t.Engine, ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		names = append(names, name)
	}
	return names
}

func (p Page) claimsApart() string {
	var links []string
	for _, f := range p.Apart {
		if f.Claims != "" {
			links = append(links, fmt.Sprintf("[%s](%s)", escapeMarkdown(f.label()), (&url.URL{Path: f.Claims}).String()))
		}
	}
	if len(links) == 0 {
		return ""
	}
	return "Apart from these, on other data, of another engine or of an earlier default cell: " + strings.Join(links, ", ") + ".\n\n"
}

// label is a folder's short name: its way from beside the page where that is known.
func (f Folder) label() string {
	if f.Claims != "" {
		return path.Dir(f.Claims)
	}
	return f.Name
}

func (p Page) elsewhere(t Table, v Verdict) (list []string) {
	for _, f := range p.Apart {
		for _, there := range f.Tables {
			for _, w := range there.Verdicts {
				same := there.Axis == t.Axis && there.Scale == t.Scale && w.Claim == v.Claim && w.Metric == v.Metric && there.relation(w) == t.relation(v)
				if !same || !w.Measured() {
					continue
				}
				said := f.label() + ": " + w.Verdict
				if w.Test != nil {
					said += ", " + FormatP(w.Test.P)
				}
				list = append(list, fmt.Sprintf("%s, seeds %d and %d", said, w.Seeds[0], w.Seeds[1]))
			}
		}
	}
	return list
}
