package report

import (
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
)

// ClaimsMarkdown writes the verdicts of a table as a list for documents.
func (t Table) ClaimsMarkdown(w io.Writer) error {
	var b strings.Builder
	for _, v := range t.Verdicts {
		b.WriteString("- " + escapeMarkdown(v.Sentence()) + "\n")
	}
	if len(t.Verdicts) == 0 {
		b.WriteString("The paper makes no claim here.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ClaimsMarkdown writes the verdicts of all sections that compare as one table.
func (p Page) ClaimsMarkdown(w io.Writer) error {
	var b strings.Builder
	counts := map[string]int{}
	rows, rule := "| axis | the paper finds that | compared | verdict | Hedges' g | p | seeds |", "\n|---|---|---|---|---:|---:|---:|"
	views := p.claims()
	apart := elsewhere(views)
	if apart {
		rows, rule = rows+" elsewhere |", rule+"---|"
	}
	rows += rule + "\n"
	for _, v := range views {
		counts[v.Verdict]++
		cells := []string{v.Axis, v.Claim, v.Relation, v.Verdict, v.Effect, v.P, v.Seeds}
		if apart {
			cells = append(cells, strings.Join(v.Elsewhere, "; "))
		}
		for i, cell := range cells {
			cells[i] = escapeMarkdown(cell)
		}
		rows += "| " + strings.Join(cells, " | ") + " |\n"
	}
	fmt.Fprintf(&b, "## What became of the paper's claims%s\n\n%s", p.measuredOn(), p.claimsApart())
	noun := "comparisons"
	if len(views) == 1 {
		noun = "comparison"
	}
	fmt.Fprintf(&b, "%d %s: %d confirmed, %d refuted, %d undecided.\n\n", len(views), noun, counts[Confirmed], counts[Refuted], counts[Undecided])
	if len(views) > 0 {
		b.WriteString(rows + "\nBetter is a lower FID or a higher CLIP score. Hedges' g: the difference, better less worse, in standard deviations within the cells. p: of the claim's own test over seeds, not corrected for the number of comparisons; that two cells are within so many per cent is confirmed by two tests that they do not differ by more, of which the larger p is shown, and refuted by a test that they do, whose p is shown.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// measuredOn names data and engines of the tables with claims, or of all where no table has any: " (scenes, xla:cpu)".
func (p Page) measuredOn() string {
	none := !slices.ContainsFunc(p.Sections, func(s Section) bool { return s.Warning == "" && len(s.Table.Verdicts) > 0 })
	var data, engines []string
	for _, s := range p.Sections {
		if none || s.Warning == "" && len(s.Table.Verdicts) > 0 {
			data, engines = append(data, oneLine(s.Table.Data)), append(engines, s.Table.engines()...)
		}
	}
	var parts []string
	for _, names := range [][]string{data, engines} {
		slices.Sort(names)
		names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
		if len(names) > 0 {
			parts = append(parts, strings.Join(names, " and "))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + escapeMarkdown(strings.Join(parts, ", ")) + ")"
}

// engines are the names in "xla:cuda PJRT 0.115; xla:cpu PJRT 0.115, plugin 0.11.2".
func (t Table) engines() (names []string) {
	for part := range strings.SplitSeq(t.Engine, ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		names = append(names, name)
	}
	return names
}

// claimsApart links the claims of the folders that have a page of their own.
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
	return "Apart from these, on other data or of another engine: " + strings.Join(links, ", ") + ".\n\n"
}

// label is a folder's short name: its way from beside the page where that is known.
func (f Folder) label() string {
	if f.Claims != "" {
		return path.Dir(f.Claims)
	}
	return f.Name
}

// elsewhere are the verdicts of other folders on a claim of a table, each with its folder.
func (p Page) elsewhere(t Table, v Verdict) (list []string) {
	for _, f := range p.Apart {
		for _, there := range f.Tables {
			if there.Axis != t.Axis || there.Scale != t.Scale {
				continue
			}
			for _, w := range there.Verdicts {
				if w.Claim != v.Claim || w.Metric != v.Metric || w.relation() != v.relation() || min(w.Seeds[0], w.Seeds[1]) == 0 {
					continue
				}
				said := f.label() + ": " + w.Verdict
				if w.P != nil {
					said += ", " + FormatP(*w.P)
				}
				list = append(list, fmt.Sprintf("%s, seeds %d and %d", said, w.Seeds[0], w.Seeds[1]))
			}
		}
	}
	return list
}

// elsewhere tells whether any claim was judged in another folder too.
func elsewhere(views []claimView) bool {
	return slices.ContainsFunc(views, func(v claimView) bool { return len(v.Elsewhere) > 0 })
}

// claimView is a claim of the paper on the page.
type claimView struct {
	Section, Axis                              string // anchor and name of its table
	Claim, Relation, Verdict, Effect, P, Seeds string
	Elsewhere                                  []string // verdicts of other folders
}

// claims lists the verdicts of all sections that compare.
func (p Page) claims() (views []claimView) {
	for i, s := range p.Sections {
		if s.Warning != "" {
			continue
		}
		for _, v := range s.Table.Verdicts {
			view := claimView{
				Section: sectionID(i), Axis: s.Table.Axis, Claim: oneLine(v.Claim), Relation: v.Metric + ": " + v.relation(), Verdict: v.Verdict,
				Effect: missing, P: missing, Elsewhere: p.elsewhere(s.Table, v), Seeds: fmt.Sprintf("%d, %d", v.Seeds[0], v.Seeds[1]),
			}
			if v.Effect != nil {
				view.Effect = fmt.Sprintf("%+.2f", *v.Effect)
			}
			if v.P != nil {
				view.P = shortP(*v.P)
			}
			views = append(views, view)
		}
	}
	return views
}

func sectionID(i int) string { return fmt.Sprintf("s%d", i+1) }
